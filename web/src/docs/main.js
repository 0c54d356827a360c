import "../dashboard/style/base.css";
import "../dashboard/style/shell.css";
import "./docs.css";
import { onDropped, onFragment, takeFromFragment } from "../shared/session.js";
import { addRunButtons } from "./examples.js";
import { addSearch } from "./search.js";

takeFromFragment();
onFragment();
onDropped();
addRunButtons();
addSearch(document.getElementById("search"));

// A narrow window shows the page first and the contents when asked for.
if (matchMedia("(max-width: 60rem)").matches) {
  document.querySelector(".contents details").open = false;
}
