import { applyTheme } from "./theme.js";
import "./parts/app.js";

applyTheme();
