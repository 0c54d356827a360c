//! What is asked of the columns, and what groups are made by.

use chrono::NaiveDate;

/// What lines are grouped by, and what is added up of each group.
#[derive(Debug, Clone)]
pub struct Question {
    /// By what; without any there is one group, also of no line.
    pub by: Vec<By>,
    /// Which lines.
    pub lines: Test,
    /// Parts of them.
    pub parts: Vec<Test>,
    /// What is added up.
    pub totals: Vec<Total>,
}

/// A total of a part of the lines of a group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Total {
    /// The part.
    pub part: usize,
    /// What is added up, counted or picked.
    pub what: What,
}

/// What is added up, counted or picked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum What {
    /// Lines.
    Lines,
    /// Their orders, each once.
    Orders,
    /// The customers of these, each once.
    Customers,
    /// What the orders come to, each counted once.
    OrderTotal,
    /// A sum.
    Sum(Value),
    /// The sum of the squares.
    Squares(Value),
    /// The least.
    Least(Value),
    /// The greatest.
    Greatest(Value),
    /// The first value, in their order, that this share of all does not exceed.
    At(Value, f64),
}

/// A number that each line has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// Pieces.
    Quantity,
    /// Price of one.
    UnitPrice,
    /// What the line comes to.
    LineTotal,
}

impl Value {
    /// Its digits after the point.
    #[must_use]
    pub const fn scale(self) -> u8 {
        match self {
            Self::Quantity => 0,
            Self::UnitPrice => 4,
            Self::LineTotal => 6,
        }
    }
}

/// Digits after the point of what orders come to, and of discounts.
pub const SCALE: u8 = 4;

/// What lines are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A value of the line, or of what it leads to.
    Field(Field),
    /// The product's line.
    ProductLine,
    /// Its class.
    ProductClass,
    /// Its colour.
    ProductColor,
    /// The day of the order.
    Day,
    /// The Monday of its week.
    Week,
    /// The first day of its month.
    Month,
    /// The first day of its quarter.
    Quarter,
    /// Its year.
    Year,
    /// 1 is Monday.
    Weekday,
}

/// A value of a line, or of what it leads to, as a whole number: a decimal one without its point,
/// a moment as microseconds since 1970, what is true as 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// Key of the product.
    Product,
    /// Key of the special offer.
    SpecialOffer,
    /// Pieces.
    Quantity,
    /// Price of one.
    UnitPrice,
    /// Discount, as a fraction.
    Discount,
    /// What the line comes to.
    LineTotal,
    /// Key of the order.
    Order,
    /// When it was made.
    Date,
    /// Key of its customer.
    Customer,
    /// Key of its territory.
    Territory,
    /// Key of its sales person.
    SalesPerson,
    /// Whether the customer ordered online.
    Online,
    /// Its state.
    Status,
    /// What it comes to.
    TotalDue,
    /// Key of the customer's person.
    Person,
    /// Key of the customer's store.
    Store,
    /// Days to make the product.
    DaysToManufacture,
}

/// A condition, which a line fulfils or not: null fulfils none of the comparisons.
#[derive(Debug, Clone)]
pub enum Test {
    /// All of these.
    All(Vec<Test>),
    /// Any of these.
    Any(Vec<Test>),
    /// Not this.
    Not(Box<Test>),
    /// A value is among these.
    Is(Field, Among),
    /// The number of the lines of the order that fulfil this is among all of these.
    LinesOfOrder(Box<Test>, Vec<Among>),
}

/// Some of all numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Among {
    /// Those from the one to the other, both with them.
    Between(i128, i128),
    /// These, which ascend.
    In(Vec<i128>),
    /// All but these, which ascend.
    NotIn(Vec<i128>),
    /// Only what is no number.
    Null,
    /// Every number.
    Any,
}

/// The values of a dimension, group by group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keys {
    /// Whole numbers.
    Numbers(Vec<Option<i64>>),
    /// Texts.
    Texts(Vec<Option<String>>),
    /// What is true or not.
    Booleans(Vec<Option<bool>>),
    /// Days.
    Dates(Vec<Option<NaiveDate>>),
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody waits for it any more.
    Cancelled,
    /// It would take more memory than there is for it.
    TooLarge,
    /// A number would be too large to be exact.
    Overflow,
}

impl Test {
    /// What every line fulfils.
    #[must_use]
    pub const fn everything() -> Self {
        Self::All(Vec::new())
    }

    /// Whether it may leave a line out, as far as can be seen.
    #[must_use]
    pub const fn leaves_out(&self) -> bool {
        !matches!(self, Self::All(all) if all.is_empty())
    }
}

impl Among {
    /// Whether this number is among them.
    #[must_use]
    pub fn has(&self, number: Option<i128>) -> bool {
        match (self, number) {
            (Self::Null, number) => number.is_none(),
            (_, None) => false,
            (Self::Between(from, to), Some(number)) => (*from..=*to).contains(&number),
            (Self::In(all), Some(number)) => all.binary_search(&number).is_ok(),
            (Self::NotIn(all), Some(number)) => all.binary_search(&number).is_err(),
            (Self::Any, Some(_)) => true,
        }
    }
}
