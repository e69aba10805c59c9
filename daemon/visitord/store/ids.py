"""How people name what has an id: by its beginning."""

ID_MIN = 8  # so many characters of an id, which tables show, name it
