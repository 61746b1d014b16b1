import { main } from "./function.js";
import { serve } from "./runtime-bare.js";

main(serve);
