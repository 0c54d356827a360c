import { render } from "preact";
import "./style/base.css";
import "./style/shell.css";
import "./style/parts.css";
import "./style/views.css";
import { takeFromFragment } from "../shared/session.js";
import { App } from "./app.jsx";

takeFromFragment();
const place = document.getElementById("page");
place.replaceChildren();
render(<App />, place);
