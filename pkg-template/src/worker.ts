/** The entry of workers that run the small module. */
import * as glue from "./neurolume_worker.js";
import { run } from "./worker-run.js";

run(glue);
