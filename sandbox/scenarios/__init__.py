"""Scenarios (シナリオ): a timeline in YAML, run against an app under test, with a verdict.

A scenario is data. ``reading`` makes a value of a file or says what is wrong with which line,
``running`` plays it over the control API and the app's own address, ``checks`` holds what was
expected against what there is, and ``reports`` writes down how it went. None of them knows the
server from within: a scenario runs against any bank-sandbox whose control door can be reached.
"""
