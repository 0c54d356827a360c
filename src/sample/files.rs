//! The files that a load needs, with their headers and defects.

use super::defects::{FileSpec, orphan, set, too_few, too_many, unquoted};
#[cfg(test)]
use super::{inventory::INVENTORY, rates::RATE, stores::STORE, territories::TERRITORY};

const LONG: &[u8] = &[b'x'; 60];
const VERY_LONG: &[u8] = &[b'x'; 140];

/// All files, parents before children.
#[cfg(test)]
pub(super) static FILES: [&FileSpec; 10] =
    [&PERSON, &PRODUCT, &CUSTOMER, &OFFER, &INVENTORY, &TERRITORY, &STORE, &RATE, &HEADER, &DETAIL];

pub(super) static PERSON: FileSpec = FileSpec {
    path: "person/Person.Person.csv",
    header: "BusinessEntityID;PersonType;NameStyle;Title;FirstName;MiddleName;LastName;\
             Suffix;EmailPromotion;AdditionalContactInfo;Demographics;rowguid;ModifiedDate",
    defects: &[
        unquoted("Demographics"),
        too_few(),
        set("missing_value", &[("LastName", b"NULL")]),
        set("invalid_encoding", &[("FirstName", b"Jos\xE9")]),
        set("unknown_code", &[("PersonType", b"XX")]),
        set("too_long", &[("FirstName", LONG)]),
        set("out_of_range", &[("EmailPromotion", b"7")]),
        set("invalid_integer", &[("EmailPromotion", b"one")]),
        set("invalid_boolean", &[("NameStyle", b"maybe")]),
        set("invalid_timestamp", &[("ModifiedDate", b"2014-02-30 00:00:00.000")]),
        set("invalid_uuid", &[("rowguid", b"92C4279F-1207-48A3")]),
        too_many(),
        set("missing_value", &[("FirstName", b"")]),
        set("too_long", &[("Suffix", b"Honourable III")]),
        set("out_of_range", &[("EmailPromotion", b"-1")]),
    ],
};

pub(super) static PRODUCT: FileSpec = FileSpec {
    path: "production/Production.Product.csv",
    header: "ProductID;Name;ProductNumber;MakeFlag;FinishedGoodsFlag;Color;SafetyStockLevel;\
             ReorderPoint;StandardCost;ListPrice;Size;SizeUnitMeasureCode;\
             WeightUnitMeasureCode;Weight;DaysToManufacture;ProductLine;Class;Style;\
             ProductSubcategoryID;ProductModelID;SellStartDate;SellEndDate;DiscontinuedDate;\
             rowguid;ModifiedDate",
    defects: &[
        set("unknown_code", &[("ProductLine", b"Q ")]),
        set("out_of_range", &[("ListPrice", b"-1,00")]),
        set("too_many_decimals", &[("StandardCost", b"1,23456")]),
        unquoted("Name"),
        set("missing_value", &[("Name", b"NULL")]),
        set("too_long", &[("Name", LONG)]),
        set("invalid_decimal", &[("ListPrice", b"12,3x")]),
        set("invalid_boolean", &[("MakeFlag", b"maybe")]),
        set("out_of_range", &[("SafetyStockLevel", b"0")]),
        set(
            "check_failed",
            &[
                ("SellEndDate", b"2012-05-29 00:00:00.000"),
                ("SellStartDate", b"2013-05-30 00:00:00.000"),
            ],
        ),
        set("invalid_encoding", &[("Name", b"Caf\xE9 Rack")]),
        too_few(),
        set("too_long", &[("Color", b"Silver and Black and Gold")]),
        set("invalid_integer", &[("DaysToManufacture", b"4d")]),
        set("out_of_range", &[("ListPrice", b"99999999999999999999,00")]),
        set("invalid_timestamp", &[("SellStartDate", b"2014-13-01 00:00:00.000")]),
        set("unknown_code", &[("Class", b"Z ")]),
        set("invalid_uuid", &[("rowguid", b"not-a-guid")]),
    ],
};

pub(super) static CUSTOMER: FileSpec = FileSpec {
    path: "sales/Sales.Customer.csv",
    header: "CustomerID;PersonID;StoreID;TerritoryID;AccountNumber;rowguid;ModifiedDate",
    defects: &[
        orphan("PersonID", 90_000_000),
        too_many(),
        set("invalid_integer", &[("TerritoryID", b"North")]),
        set("too_long", &[("AccountNumber", b"AW000000000001")]),
        set("missing_value", &[("ModifiedDate", b"NULL")]),
        unquoted("AccountNumber"),
        set("invalid_uuid", &[("rowguid", b"3F5AE95E-B87D-4AED-95B4-C3797AFCB74Z")]),
        set("invalid_timestamp", &[("ModifiedDate", b"yesterday")]),
        set("invalid_encoding", &[("AccountNumber", b"AW\xE9\xE8")]),
        too_few(),
        set("missing_value", &[("rowguid", b"")]),
    ],
};

pub(super) static OFFER: FileSpec = FileSpec {
    path: "sales/Sales.SpecialOfferProduct.csv",
    header: "SpecialOfferID;ProductID;rowguid;ModifiedDate",
    defects: &[
        orphan("ProductID", 900_000),
        set("invalid_integer", &[("SpecialOfferID", b"2.5")]),
        set("missing_value", &[("ProductID", b"NULL")]),
        too_few(),
        set("invalid_uuid", &[("rowguid", b"BB30B868")]),
        set("invalid_timestamp", &[("ModifiedDate", b"2011-04-31 00:00:00.000")]),
        unquoted("rowguid"),
        too_many(),
    ],
};

pub(super) static HEADER: FileSpec = FileSpec {
    path: "sales/Sales.SalesOrderHeader.csv",
    header: "SalesOrderID;RevisionNumber;OrderDate;DueDate;ShipDate;Status;OnlineOrderFlag;\
             SalesOrderNumber;PurchaseOrderNumber;AccountNumber;CustomerID;SalesPersonID;\
             TerritoryID;BillToAddressID;ShipToAddressID;ShipMethodID;CreditCardID;\
             CreditCardApprovalCode;CurrencyRateID;SubTotal;TaxAmt;Freight;TotalDue;Comment;\
             rowguid;ModifiedDate",
    defects: &[
        set(
            "check_failed",
            &[
                ("TotalDue", b"111,50"),
                ("SubTotal", b"100,00"),
                ("TaxAmt", b"8,00"),
                ("Freight", b"2,50"),
            ],
        ),
        orphan("CustomerID", 90_000_000),
        set("check_failed", &[("DueDate", b"2011-05-01 00:00:00.000")]),
        set("out_of_range", &[("Status", b"9")]),
        set("missing_value", &[("OrderDate", b"NULL")]),
        set("too_many_decimals", &[("SubTotal", b"34,99001")]),
        unquoted("PurchaseOrderNumber"),
        set("invalid_decimal", &[("TaxAmt", b"2,79,92")]),
        set("invalid_boolean", &[("OnlineOrderFlag", b"x")]),
        set("invalid_timestamp", &[("OrderDate", b"2014-06-31 00:00:00.000")]),
        set("too_long", &[("Comment", VERY_LONG)]),
        set("invalid_encoding", &[("PurchaseOrderNumber", b"PO\xC3(1")]),
        set(
            "out_of_range",
            &[
                ("Freight", b"-2,50"),
                ("SubTotal", b"100,00"),
                ("TaxAmt", b"8,00"),
                ("TotalDue", b"105,50"),
            ],
        ),
        set("invalid_integer", &[("CustomerID", b"11O00")]),
        set("check_failed", &[("ShipDate", b"2011-05-01 00:00:00.000")]),
        too_few(),
        set("too_long", &[("CreditCardApprovalCode", b"105041Vi841822222")]),
        set("invalid_uuid", &[("rowguid", b"79B65321-39CA-4115-9CBA-8FE0903E12EX")]),
        too_many(),
        set("missing_value", &[("CustomerID", b"")]),
    ],
};

pub(super) static DETAIL: FileSpec = FileSpec {
    path: "sales/Sales.SalesOrderDetail.csv",
    header: "SalesOrderID;SalesOrderDetailID;CarrierTrackingNumber;OrderQty;ProductID;\
             SpecialOfferID;UnitPrice;UnitPriceDiscount;LineTotal;rowguid;ModifiedDate",
    defects: &[
        set("out_of_range", &[("OrderQty", b"0"), ("LineTotal", b"0.000000")]),
        orphan("SalesOrderID", 900_000_000),
        set(
            "check_failed",
            &[
                ("LineTotal", b"20.010000"),
                ("OrderQty", b"2"),
                ("UnitPrice", b"10,00"),
                ("UnitPriceDiscount", b"0,00"),
            ],
        ),
        orphan("ProductID", 900_000),
        unquoted("CarrierTrackingNumber"),
        set("too_many_decimals", &[("UnitPrice", b"4,99001")]),
        set("missing_value", &[("OrderQty", b"NULL")]),
        set("invalid_decimal", &[("UnitPrice", b"four")]),
        set("invalid_integer", &[("OrderQty", b"1x")]),
        set(
            "out_of_range",
            &[
                ("UnitPrice", b"-4,99"),
                ("OrderQty", b"1"),
                ("UnitPriceDiscount", b"0,00"),
                ("LineTotal", b"-4.990000"),
            ],
        ),
        too_few(),
        set("too_long", &[("CarrierTrackingNumber", LONG)]),
        set("invalid_encoding", &[("CarrierTrackingNumber", b"4911-\xFF\xFE-98")]),
        set("invalid_timestamp", &[("ModifiedDate", b"31st of May")]),
        set("invalid_uuid", &[("rowguid", b"{B207C96D}")]),
        too_many(),
        set("missing_value", &[("UnitPrice", b"")]),
    ],
};
