import { render } from "preact";
import { takeToken } from "./api/token.ts";
import { App } from "./app.tsx";
import { followAddress } from "./route.ts";
import { followRates } from "./rates.ts";
import { poll } from "./state.ts";
import "./style.css";

takeToken();
followAddress();
poll();
followRates();
const root = document.querySelector("#app");
if (root !== null) render(<App />, root);
