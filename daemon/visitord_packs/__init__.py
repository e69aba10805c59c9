"""What an installation does with model packs now and then: fetch them, and switch from one to another."""
