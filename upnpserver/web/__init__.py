"""The pages that people see in a browser: objects of the catalog as HTML.

objects   what a page shows of an object, as values
parts     pieces that several pages have: head, bread crumbs, cards, rows
pages     the pages: a folder, an item, a search, a message
static/   the style sheet, and the script that makes it pleasant; all works without
"""
