//! `Sales.SalesOrderHeader` -> `sales_order`.

use super::column::{ID, Kind, MONEY, nullable, required};
use super::{Check, Dataset, Parent};

pub(super) const DATASET: Dataset = Dataset {
    table: "sales_order",
    file_stem: "Sales.SalesOrderHeader",
    columns: &[
        required("SalesOrderID", "sales_order_id", ID),
        required("RevisionNumber", "revision_number", Kind::SmallInt { min: 0, max: i16::MAX }),
        required("OrderDate", "order_date", Kind::Timestamp),
        required("DueDate", "due_date", Kind::Timestamp),
        nullable("ShipDate", "ship_date", Kind::Timestamp),
        required("Status", "status", Kind::SmallInt { min: 1, max: 6 }),
        required("OnlineOrderFlag", "online_order_flag", Kind::Boolean),
        required("SalesOrderNumber", "sales_order_number", Kind::Text { max: 25 }),
        nullable("PurchaseOrderNumber", "purchase_order_number", Kind::Text { max: 25 }),
        nullable("AccountNumber", "account_number", Kind::Text { max: 15 }),
        required("CustomerID", "customer_id", ID),
        nullable("SalesPersonID", "sales_person_id", ID),
        nullable("TerritoryID", "territory_id", ID),
        required("BillToAddressID", "bill_to_address_id", ID),
        required("ShipToAddressID", "ship_to_address_id", ID),
        required("ShipMethodID", "ship_method_id", ID),
        nullable("CreditCardID", "credit_card_id", ID),
        nullable("CreditCardApprovalCode", "credit_card_approval_code", Kind::Text { max: 15 }),
        nullable("CurrencyRateID", "currency_rate_id", ID),
        required("SubTotal", "sub_total", MONEY),
        required("TaxAmt", "tax_amt", MONEY),
        required("Freight", "freight", MONEY),
        required("TotalDue", "total_due", MONEY),
        nullable("Comment", "comment", Kind::Text { max: 128 }),
        required("rowguid", "rowguid", Kind::Uuid),
        required("ModifiedDate", "modified_date", Kind::Timestamp),
    ],
    key: &["sales_order_id"],
    // Territories and currency rates may not be loaded at all.
    parents: &[Parent { table: "customer", columns: &["customer_id"] }],
    checks: &[
        Check::NotBefore { date: "due_date", earliest: "order_date" },
        Check::NotBefore { date: "ship_date", earliest: "order_date" },
        Check::Sum { total: "total_due", parts: &["sub_total", "tax_amt", "freight"] },
    ],
};
