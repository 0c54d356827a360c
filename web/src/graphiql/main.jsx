import { createRoot } from "react-dom/client";
import "graphiql/style.css";
import "./style.css";
import { Page } from "./page.jsx";

createRoot(document.getElementById("page")).render(<Page />);
