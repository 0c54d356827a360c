import { formatCount } from "../format.js";

/** A column of counts of rows or files. */
export function count(key, label, field) {
  return { key, label, width: "5.5rem", numeric: true, cell: (row) => formatCount(row[field]) };
}
