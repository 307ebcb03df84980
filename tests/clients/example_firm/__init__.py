"""A corporation's own web server (契約者のWebサーバー): pays by bulk transfer, keeps books.

Written as anybody would write it against the bank's documents: it knows no sandbox.
"""
