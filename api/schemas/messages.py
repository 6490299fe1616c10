"""The library's own sentences about fields, marked so that they are translated like ours."""

from nachbarschaft.words import mark as _

FIELD_MESSAGES = (
    _("Missing data for required field."),
    _("Field may not be null."),
    _("Unknown field."),
    _("Invalid input type."),
    _("Not a valid string."),
    _("Not a valid integer."),
    _("Not a valid number."),
    _("Not a valid boolean."),
    _("Not a valid datetime."),
    _("Not a valid date."),
    _("Not a valid list."),
    _("Not a valid mapping type."),
    _("Not a valid UUID."),
    _("Not a valid email address."),
    _("String does not match expected pattern."),
)
