import { makeQueries } from "../api/queries";
import { start } from "../ui/start";
import { makeRouter } from "./routes";

const queries = makeQueries();
void start("portal", makeRouter(queries), queries);
