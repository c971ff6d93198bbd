def function_with_a_long_name(parameter_with_a_long_name, *, keyword_only=3):
    local_variable = parameter_with_a_long_name * keyword_only
    return locals() and local_variable
print(function_with_a_long_name(parameter_with_a_long_name=2), function_with_a_long_name.__name__)
globals()["dynamic"] = 4
print(dynamic, "function_with_a_long_name" in globals())
match = 1 ; case = 2 ; type = 3 ; _ = 4
print(match, case, type, _)
