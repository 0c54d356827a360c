//! `SalesOrder`.

use super::common::{MODIFIED_DATE, ROWGUID, SOURCE, TO_CUSTOMER, TO_PERSON};
use super::sales_measures::OF_ORDER;
use super::{CURRENCY_RATE, CUSTOMER, PERSON, SALES_ORDER_LINE, TERRITORY};
use crate::graphql::schema::model::{
    Aggregate, Entity, EnumValue, Enumeration, Field, Inputs, Path, Shape,
};
use crate::query::{Column, Kind, ToMany, tables};

/// A sales order (Sales.SalesOrderHeader).
pub(crate) static SALES_ORDER: Entity = Entity {
    table: &tables::SALES_ORDER,
    shape: Shape {
        name: "SalesOrder",
        description: "A sales order (Sales.SalesOrderHeader).",
        fields: &[
            Field::id(),
            Field::column(
                "salesOrderId",
                Column::new("sales_order_id", Kind::Int),
                "Key of the order in the source system.",
            ),
            Field::column(
                "revisionNumber",
                Column::new("revision_number", Kind::Small),
                "How often the order was revised.",
            ),
            Field::column(
                "orderDate",
                Column::new("order_date", Kind::LocalDateTime),
                "When it was ordered.",
            ),
            Field::column(
                "dueDate",
                Column::new("due_date", Kind::LocalDateTime),
                "When it is due at the customer.",
            ),
            Field::column(
                "shipDate",
                Column::new("ship_date", Kind::LocalDateTime).nullable(),
                "When it was shipped; null before.",
            ),
            Field::code(
                "status",
                Column::new("status", Kind::Small),
                &ORDER_STATUS,
                "Where the order stands.",
            ),
            Field::column(
                "onlineOrderFlag",
                Column::new("online_order_flag", Kind::Boolean),
                "True: ordered online by the customer; false: entered by a sales person.",
            ),
            Field::column(
                "salesOrderNumber",
                Column::new("sales_order_number", Kind::Text),
                "Number of the order as people read it.",
            ),
            Field::column(
                "purchaseOrderNumber",
                Column::new("purchase_order_number", Kind::Text).nullable(),
                "The customer's own number for it; null for online orders.",
            ),
            Field::column(
                "accountNumber",
                Column::new("account_number", Kind::Text).nullable(),
                "The customer's financial account; null when none is known.",
            ),
            Field::column(
                "customerId",
                Column::new("customer_id", Kind::Int),
                "Key of the customer.",
            ),
            Field::column(
                "salesPersonId",
                Column::new("sales_person_id", Kind::Int).nullable(),
                "The sales person in the source system; null for online orders.",
            ),
            Field::column(
                "territoryId",
                Column::new("territory_id", Kind::Int).nullable(),
                "Key of the sales territory; null when none is assigned.",
            ),
            Field::column(
                "billToAddressId",
                Column::new("bill_to_address_id", Kind::Int),
                "Address of the bill in the source system.",
            ),
            Field::column(
                "shipToAddressId",
                Column::new("ship_to_address_id", Kind::Int),
                "Address of the shipment in the source system.",
            ),
            Field::column(
                "shipMethodId",
                Column::new("ship_method_id", Kind::Int),
                "Way of shipping in the source system.",
            ),
            Field::column(
                "creditCardId",
                Column::new("credit_card_id", Kind::Int).nullable(),
                "Credit card in the source system; null when it was paid otherwise.",
            ),
            Field::column(
                "creditCardApprovalCode",
                Column::new("credit_card_approval_code", Kind::Text).nullable(),
                "Approval code of the card's issuer; null when it was paid otherwise.",
            ),
            Field::column(
                "currencyRateId",
                Column::new("currency_rate_id", Kind::Int).nullable(),
                "Key of the currency rate; null for orders in USD.",
            ),
            Field::column(
                "subTotal",
                Column::new("sub_total", Kind::Decimal),
                "Sum of the lines, in USD, before tax and freight.",
            ),
            Field::column("taxAmt", Column::new("tax_amt", Kind::Decimal), "Tax, in USD."),
            Field::column(
                "freight",
                Column::new("freight", Kind::Decimal),
                "Shipping cost, in USD.",
            ),
            Field::column(
                "totalDue",
                Column::new("total_due", Kind::Decimal),
                "What the customer owes: subTotal + taxAmt + freight, in USD.",
            ),
            Field::column(
                "comment",
                Column::new("comment", Kind::Text).nullable(),
                "Comment of the sales person; null when there is none.",
            ),
            ROWGUID,
            MODIFIED_DATE,
            Field::one(
                "customer",
                &CUSTOMER,
                &[Column::new("customer_id", Kind::Int)],
                "The customer.",
            ),
            Field::one(
                "territory",
                &TERRITORY,
                &[Column::new("territory_id", Kind::Int).nullable()],
                "The sales territory; null when none is assigned, and while it is not loaded.",
            ),
            Field::one(
                "currencyRate",
                &CURRENCY_RATE,
                &[Column::new("currency_rate_id", Kind::Int).nullable()],
                "The currency rate; null for orders in USD, and while it is not loaded.",
            ),
            Field::many(
                "lines",
                &SALES_ORDER_LINE,
                &[Column::new("sales_order_id", Kind::Int)],
                "Lines of the order.",
            ),
            Field::sales(&OF_ORDER, "What its lines come to."),
            SOURCE,
        ],
    },
    inputs: Inputs {
        paths: &[Path { name: "person", to: &PERSON, through: &[TO_CUSTOMER, TO_PERSON] }],
        aggregates: &[
            Aggregate {
                name: "LINE_COUNT",
                description: "By the number of its lines.",
                of: ToMany {
                    table: &tables::SALES_ORDER_LINE,
                    by: &[Column::new("sales_order_id", Kind::Int)],
                },
                sum: None,
            },
            Aggregate {
                name: "QUANTITY",
                description: "By the sum of orderQuantity of its lines; 0 without lines.",
                of: ToMany {
                    table: &tables::SALES_ORDER_LINE,
                    by: &[Column::new("sales_order_id", Kind::Int)],
                },
                sum: Some(Column::new("order_quantity", Kind::Small)),
            },
        ],
        ..Inputs::NONE
    },
};

/// State of an order.
pub(super) static ORDER_STATUS: Enumeration = Enumeration {
    name: "OrderStatus",
    description: "State of an order.",
    values: &[
        EnumValue { code: "1", name: "IN_PROCESS", description: "In process." },
        EnumValue { code: "2", name: "APPROVED", description: "Approved." },
        EnumValue { code: "3", name: "BACKORDERED", description: "Backordered." },
        EnumValue { code: "4", name: "REJECTED", description: "Rejected." },
        EnumValue { code: "5", name: "SHIPPED", description: "Shipped." },
        EnumValue { code: "6", name: "CANCELLED", description: "Cancelled." },
    ],
};
