"""Worklist servers on the screen: the first start, adding and testing one, choosing one."""
