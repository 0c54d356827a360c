use super::*;
use crate::dataset::by_table;

fn message(text: &str) -> String {
    Mapping::parse("m.toml", text).expect_err("refused").message().to_owned()
}

#[test]
fn every_builtin_mapping_is_valid() {
    for builtin in BUILTINS {
        let mapping = Mapping::open(builtin.name).expect(builtin.name);
        let changed = dataset::ALL.iter().filter(|of| mapping.format_of(of).is_some()).count();
        assert_eq!(changed, dataset::ALL.len(), "{}", builtin.name);
    }
}

#[test]
fn errors_name_the_file_the_key_and_the_way_out() {
    for (text, parts) in [
        ("delimter = ';'", &["the mapping m.toml: delimter:", "did you mean delimiter?"][..]),
        ("delimiter = ", &["line 1"]),
        ("header = true\n\n[dataset.person\n", &["line 3"]),
        ("delimiter = 3", &["delimiter: expected a text in quotes, found the integer 3"]),
        ("delimiter = ''", &["delimiter: expected 1 to 16 bytes"]),
        ("delimiter = '\"|'", &["delimiter:", "has the quote in it", "quote = \"\""]),
        ("delimiter = '|'\nterminator = '||'", &["terminator:", "begin alike"]),
        ("quote = '--'", &["quote: expected one ASCII mark", "\"\" for none"]),
        ("encoding = 'utf8'", &["encoding:", "did you mean utf-8?"]),
        ("encoding = 'koi8-r'", &["known are utf-8, utf-16le"]),
        ("header = 'no'", &["header: expected true or false, found the string"]),
        ("skip = -1", &["skip: expected a whole number from 0 to 1000"]),
        ("decimal = ';'", &["decimal: expected \",\" or \".\""]),
        ("group = '.'", &["group: the decimal mark must be given too"]),
        ("decimal = '.'\ngroup = '.'", &["is the decimal mark already"]),
        ("decimal = ','\ngroup = 'x'", &["groups no digits"]),
        ("date = 'dd.MM'", &["date:", "a year (yyyy)"]),
        ("date = ['dd/MM/yyyy', 'MM/dd/yyyy']", &["read the same text as different days"]),
        ("date = ['M/d/yyyy', 'dd/MM/yyyy']", &["read the same text as different days"]),
        ("true = ['x']\nfalse = ['X']", &["true:", "is in `false` too"]),
        ("null = \"\\u0000\"", &["null: has a NUL character"]),
        ("footer = '*'", &["footer:", "fits every line"]),
        ("columns = ['a']", &["columns: there is no such key"]),
        ("dataset = 3", &["dataset: expected tables"]),
        ("[dataset.persons]", &["dataset.persons: there is no such dataset; did you mean person?"]),
        ("[dataset.person]\n[dataset.'Person.Person']", &["is the same dataset"]),
        (
            "[dataset.person]\nnames = { Vorname = 'FistName' }",
            &["dataset.person.names:", "FistName of Person.Person", "did you mean FirstName?"],
        ),
        ("[dataset.person]\nnames = { a = 'FirstName', b = 'firstname' }", &["more than once"]),
        (
            "[dataset.person]\ncolumns = ['BusinessEntityID']",
            &["dataset.person.columns:", "say `header = false`"],
        ),
        (
            "header = false\n[dataset.person]\nnames = { a = 'FirstName' }",
            &["dataset.person.names: there is no header"],
        ),
        (
            "header = false\n[dataset.special_offer_product]\n\
             columns = ['SpecialOfferID', '', 'ProductID', 'rowguid']",
            &["dataset.special_offer_product.columns: lacks ModifiedDate", "`constants`"],
        ),
        (
            "[dataset.person]\nconstants = { EmailPromotion = 7 }",
            &["dataset.person.constants:", "EmailPromotion", "expected 0 to 2"],
        ),
        ("[dataset.person]\ndefaults = { Suffix = [] }", &["defaults.Suffix: expected a text"]),
        ("[dataset.person]\nfiles = ['in/Person.csv']", &["files:", "without folders"]),
        (
            "[dataset.person]\nfiles = ['a.csv', 'Kunden*.csv']\n\
             [dataset.customer]\nfiles = ['kunden*.CSV']",
            &["dataset.customer", "dataset.person", "files:", "unden*.", "too"],
        ),
    ] {
        let message = message(text);
        assert!(message.starts_with("the mapping m.toml: "), "{message}");
        for part in parts {
            assert!(message.contains(part), "{text:?}: {message:?} does not say {part:?}");
        }
    }
}

#[test]
fn a_missing_file_names_what_there_is() {
    let error = Mapping::open("/nowhere/m.toml").expect_err("no such file");
    assert_eq!(error.code(), Code::Config);
    assert!(error.message().contains("/nowhere/m.toml cannot be read"), "{error}");
    assert!(error.message().contains("excel-de"), "{error}");
}

#[test]
fn files_are_told_by_the_patterns_of_a_dataset() {
    let text = "[dataset.person]\nfiles = ['Kunden*.txt']\n\
                [dataset.customer]\nfiles = ['KundenNr*.txt', 'c?.csv']\n";
    let mapping = Mapping::parse("m.toml", text).expect("valid");
    let table = |key| mapping.dataset_of(key).map(|dataset| dataset.table);
    assert_eq!(table("in/kunden-2014.TXT"), Some("person"));
    assert_eq!(table("in/Kunden-2014.txt.gz"), Some("person"));
    assert_eq!(table("KundenNr7.txt"), Some("customer"), "the more exact pattern");
    assert_eq!(table("C1.csv.zst"), Some("customer"));
    assert_eq!(table("Person.Person.csv"), None, "its files are called otherwise");
    assert_eq!(table("Production.Product-2.csv"), Some("product"));
    let bcp = Mapping::open("bcp").expect("builtin");
    let table = |key| bcp.dataset_of(key).map(|dataset| dataset.table);
    assert_eq!(table("Sales.Customer.dat.gz"), Some("customer"));
    assert_eq!(table("Sales.CustomerX.dat"), None);
}

#[test]
fn only_what_changes_rows_changes_the_fingerprint() {
    let person = by_table("person").expect("a dataset");
    let of =
        |text: &str| Mapping::parse("m.toml", text).expect("valid").fingerprint(person).to_owned();
    assert_eq!(of("description = 'plain'\n[dataset.person]\nfiles = ['p.csv']"), "");
    let dates = of("date = 'dd.MM.yyyy'");
    assert_eq!(dates.len(), 32);
    assert_eq!(of("# a comment\ndate = ['dd.MM.yyyy']\n[dataset.person]\nfiles = 'p.csv'"), dates);
    assert_eq!(of("date = 'dd.MM.yyyy'\n[dataset.customer]\ndate = 'MM/dd/yyyy'"), dates);
    assert_ne!(of("date = 'MM/dd/yyyy'"), dates);
}
