-- By what name the experiment of an audience is known that had another name before; taking `renamed_from` out changes nothing.

create table sync.audience_scopes (
    audience varchar not null,           -- the name that it has by now
    scope varchar not null               -- as in sync.experiments, audience:<first name>
);
