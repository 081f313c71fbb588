ALTER TABLE "muster"."exception" ADD COLUMN "about" text[];--> statement-breakpoint
CREATE INDEX "account_name" ON "muster"."account" USING btree (lower("name"));--> statement-breakpoint
CREATE INDEX "person_email" ON "muster"."person" USING btree (lower("attributes"->>'email'));--> statement-breakpoint
CREATE INDEX "exception_owner" ON "muster"."exception" USING btree ("owner") WHERE "muster"."exception"."resolved_at" IS NULL;--> statement-breakpoint
CREATE INDEX "exception_until" ON "muster"."exception" USING btree ("until");--> statement-breakpoint
CREATE INDEX "alert_open" ON "muster"."alert" USING btree ("exception","route") WHERE "muster"."alert"."closed_at" IS NULL;