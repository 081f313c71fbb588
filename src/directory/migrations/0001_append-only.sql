-- Evidence is written once. The sealer may set position and hash, once, together; nothing else is ever changed or removed.
-- Whoever owns the table can switch a trigger off, so this guards against accidents; the chain finds the rest.
CREATE FUNCTION "muster"."refuse_evidence_change"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	allowed "muster"."evidence";
BEGIN
	IF TG_OP = 'UPDATE' AND OLD."position" IS NULL AND NEW."position" IS NOT NULL THEN
		allowed := OLD;
		allowed."position" := NEW."position";
		allowed."hash" := NEW."hash";
		IF NEW IS NOT DISTINCT FROM allowed THEN
			RETURN NEW;
		END IF;
	END IF;
	RAISE EXCEPTION 'evidence is append-only: % refused', TG_OP USING ERRCODE = 'MU001';
END $$;
--> statement-breakpoint
CREATE TRIGGER "evidence_append_only" BEFORE UPDATE OR DELETE ON "muster"."evidence"
	FOR EACH ROW EXECUTE FUNCTION "muster"."refuse_evidence_change"();
--> statement-breakpoint
CREATE TRIGGER "evidence_not_truncated" BEFORE TRUNCATE ON "muster"."evidence"
	FOR EACH STATEMENT EXECUTE FUNCTION "muster"."refuse_evidence_change"();
--> statement-breakpoint
CREATE FUNCTION "muster"."refuse_shorter_chain"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'UPDATE' AND NEW."position" > OLD."position" THEN
		RETURN NEW;
	END IF;
	RAISE EXCEPTION 'the chain of evidence only grows: % refused', TG_OP USING ERRCODE = 'MU001';
END $$;
--> statement-breakpoint
CREATE TRIGGER "chain_only_grows" BEFORE UPDATE OR DELETE ON "muster"."chain"
	FOR EACH ROW EXECUTE FUNCTION "muster"."refuse_shorter_chain"();
--> statement-breakpoint
CREATE TRIGGER "chain_not_truncated" BEFORE TRUNCATE ON "muster"."chain"
	FOR EACH STATEMENT EXECUTE FUNCTION "muster"."refuse_shorter_chain"();
--> statement-breakpoint
INSERT INTO "muster"."chain" ("id", "position", "hash") VALUES (1, 0, '');
