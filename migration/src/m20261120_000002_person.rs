//! The table `person` (Person.Person).

migration!(UP, DOWN);

const UP: &str = r"
CREATE TABLE person (
    business_entity_id      integer PRIMARY KEY,
    person_type             varchar(2) NOT NULL CHECK (person_type IN ('SC', 'IN', 'SP', 'EM', 'VC', 'GC')),
    name_style              boolean NOT NULL,
    title                   varchar(8),
    first_name              varchar(50) NOT NULL,
    middle_name             varchar(50),
    last_name               varchar(50) NOT NULL,
    suffix                  varchar(10),
    email_promotion         smallint NOT NULL CHECK (email_promotion BETWEEN 0 AND 2),
    additional_contact_info text,
    demographics            text,
    rowguid                 uuid NOT NULL,
    modified_date           timestamp NOT NULL,
    source_file_id          integer NOT NULL,
    source_line             bigint NOT NULL,
    loaded_at               timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX person_name ON person (last_name, first_name, business_entity_id);
";

const DOWN: &str = r"
DROP TABLE person;
";
