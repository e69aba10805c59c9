-- People are looked up by their names, and several may have one.

create index identity_name on visitord.identity (lower(name)) where name is not null;
