"""The admin program: looks at who came, and says who is who."""
