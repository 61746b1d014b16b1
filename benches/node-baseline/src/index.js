import { main } from "./function.js";
import { serve } from "./runtime.js";

main(serve);
