/** The entry of workers that run the full module. */
import * as glue from "./neurolume_worker_full.js";
import { run } from "./worker-run.js";

run(glue);
