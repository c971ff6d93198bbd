"""From a project to its boards: what goes where, and the work that puts it there."""
