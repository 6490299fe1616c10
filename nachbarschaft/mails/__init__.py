"""What mails say and how they look: templates beside this file, sentences from the catalogue.

Like the inbox they name nobody and no place. They load nothing from elsewhere and count no reader.
"""

from nachbarschaft.mails.writing import CodeLetter, Entry, Notices, Written, write

__all__ = ["CodeLetter", "Entry", "Notices", "Written", "write"]
