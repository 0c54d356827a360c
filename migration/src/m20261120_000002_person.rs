//! The table `person` (Person.Person).

use sea_orm_migration::prelude::*;

/// See the module.
#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(UP).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(DOWN).await.map(drop)
    }
}

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
COMMENT ON TABLE person IS 'People: customers, their contacts, employees, vendors (Person.Person).';
COMMENT ON COLUMN person.business_entity_id IS 'Key of the source system.';
COMMENT ON COLUMN person.person_type IS 'SC store contact, IN individual customer, SP sales person, EM employee, VC vendor contact, GC general contact.';
COMMENT ON COLUMN person.name_style IS 'False: western order (first, last); true: eastern order.';
COMMENT ON COLUMN person.title IS 'Courtesy title, for instance Ms.';
COMMENT ON COLUMN person.first_name IS 'Given name.';
COMMENT ON COLUMN person.middle_name IS 'Middle name or initial.';
COMMENT ON COLUMN person.last_name IS 'Family name.';
COMMENT ON COLUMN person.suffix IS 'Name suffix, for instance Jr.';
COMMENT ON COLUMN person.email_promotion IS '0 no e-mail promotions, 1 from the company, 2 from the company and its partners.';
COMMENT ON COLUMN person.additional_contact_info IS 'XML as delivered.';
COMMENT ON COLUMN person.demographics IS 'XML survey as delivered.';
COMMENT ON COLUMN person.rowguid IS 'The source system''s own identifier of the row.';
COMMENT ON COLUMN person.modified_date IS 'When the source system last changed the row; a row older than the stored one never replaces it.';
COMMENT ON COLUMN person.source_file_id IS 'load_file.id of the file version the row came from.';
COMMENT ON COLUMN person.source_line IS 'Line on which its record begins in that file; the header is line 1.';
COMMENT ON COLUMN person.loaded_at IS 'When the row was last written here.';
";

const DOWN: &str = r"
DROP TABLE person;
";
