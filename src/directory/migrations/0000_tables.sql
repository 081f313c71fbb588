CREATE TABLE "muster"."account" (
	"target" text COLLATE "C" NOT NULL,
	"id" text COLLATE "C" NOT NULL,
	"name" text NOT NULL,
	"kind" text NOT NULL,
	"owner" text COLLATE "C" NOT NULL,
	"origin" text NOT NULL,
	"status" text NOT NULL,
	"managed_by" text,
	"entitlements" text[] NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "account_pkey" PRIMARY KEY("target","id")
);
--> statement-breakpoint
CREATE TABLE "muster"."engagement" (
	"person" text COLLATE "C" NOT NULL,
	"id" text COLLATE "C" NOT NULL,
	"source" text COLLATE "C" NOT NULL,
	"worker_id" text COLLATE "C" NOT NULL,
	"wid" text COLLATE "C",
	"worker_type" text NOT NULL,
	"start_date" date NOT NULL,
	"end_date" date,
	"last_day_of_work" date,
	"manager_id" text COLLATE "C",
	"location" text,
	"primary" boolean NOT NULL,
	"seq" bigint GENERATED ALWAYS AS IDENTITY (sequence name "muster"."engagement_seq_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	CONSTRAINT "engagement_pkey" PRIMARY KEY("person","id")
);
--> statement-breakpoint
CREATE TABLE "muster"."identifier" (
	"person" text COLLATE "C" NOT NULL,
	"source" text COLLATE "C" NOT NULL,
	"type" text COLLATE "C" NOT NULL,
	"value" text COLLATE "C" NOT NULL,
	"lookup" text COLLATE "C" GENERATED ALWAYS AS (CASE WHEN "type" = 'email' THEN lower("value") ELSE "value" END) STORED NOT NULL,
	"seq" bigint GENERATED ALWAYS AS IDENTITY (sequence name "muster"."identifier_seq_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	CONSTRAINT "identifier_pkey" PRIMARY KEY("source","type","lookup")
);
--> statement-breakpoint
CREATE TABLE "muster"."pending" (
	"person" text COLLATE "C" NOT NULL,
	"id" text COLLATE "C" NOT NULL,
	"kind" text NOT NULL,
	"due_at" timestamp(3) with time zone NOT NULL,
	"date" date,
	"zone" text,
	"event" text COLLATE "C" NOT NULL,
	"confidential" boolean NOT NULL,
	"data" jsonb NOT NULL,
	CONSTRAINT "pending_pkey" PRIMARY KEY("person","id")
);
--> statement-breakpoint
CREATE TABLE "muster"."person" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"state" text NOT NULL,
	"epoch" integer DEFAULT 0 NOT NULL,
	"privileged" boolean NOT NULL,
	"protection" text,
	"attributes" jsonb NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "muster"."stop" (
	"scope" text COLLATE "C" PRIMARY KEY NOT NULL,
	"by" text NOT NULL,
	"reason" text NOT NULL,
	"at" timestamp(3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "muster"."arrival" (
	"key" text COLLATE "C" PRIMARY KEY NOT NULL,
	"event" json NOT NULL,
	"source" text COLLATE "C" NOT NULL,
	"type" text COLLATE "C" NOT NULL,
	"workflow_id" text COLLATE "C" NOT NULL,
	"first_run_id" text COLLATE "C" NOT NULL,
	"person" text COLLATE "C",
	"outcome" text,
	"reason" text,
	"received_at" timestamp(3) with time zone NOT NULL,
	"settled_at" timestamp(3) with time zone,
	"seq" bigint GENERATED ALWAYS AS IDENTITY (sequence name "muster"."arrival_seq_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	CONSTRAINT "arrival_seq" UNIQUE("seq")
);
--> statement-breakpoint
CREATE TABLE "muster"."before_state" (
	"event" text COLLATE "C" NOT NULL,
	"target" text COLLATE "C" NOT NULL,
	"account" text COLLATE "C" NOT NULL,
	"state" json NOT NULL,
	"at" timestamp(3) with time zone NOT NULL,
	CONSTRAINT "before_state_pkey" PRIMARY KEY("event","target","account")
);
--> statement-breakpoint
CREATE TABLE "muster"."chain" (
	"id" smallint PRIMARY KEY NOT NULL,
	"position" bigint NOT NULL,
	"hash" text NOT NULL,
	CONSTRAINT "chain_is_one" CHECK ("muster"."chain"."id" = 1)
);
--> statement-breakpoint
CREATE TABLE "muster"."evidence" (
	"seq" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "muster"."evidence_seq_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"workflow_id" text COLLATE "C" NOT NULL,
	"step" text COLLATE "C" NOT NULL,
	"kind" text COLLATE "C" NOT NULL,
	"person" text COLLATE "C",
	"event" text COLLATE "C",
	"target" text COLLATE "C",
	"at" timestamp(3) with time zone NOT NULL,
	"data" jsonb NOT NULL,
	"recorded_at" timestamp(3) with time zone DEFAULT clock_timestamp() NOT NULL,
	"position" bigint,
	"hash" text,
	CONSTRAINT "evidence_once" UNIQUE("workflow_id","step","kind"),
	CONSTRAINT "evidence_position" UNIQUE("position"),
	CONSTRAINT "evidence_sealed_whole" CHECK (("muster"."evidence"."position" IS NULL) = ("muster"."evidence"."hash" IS NULL))
);
--> statement-breakpoint
CREATE TABLE "muster"."exception" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"person" text COLLATE "C",
	"event" text COLLATE "C",
	"target" text COLLATE "C",
	"workflow_id" text COLLATE "C" NOT NULL,
	"reason" text NOT NULL,
	"owner" text NOT NULL,
	"opened_at" timestamp(3) with time zone NOT NULL,
	"due_at" timestamp(3) with time zone NOT NULL,
	"alerted_at" timestamp(3) with time zone,
	"alert" text,
	"resolved_at" timestamp(3) with time zone,
	"resolution" jsonb
);
--> statement-breakpoint
CREATE TABLE "muster"."person_event" (
	"person" text COLLATE "C" NOT NULL,
	"event" text COLLATE "C" NOT NULL,
	"outcome" text NOT NULL,
	"reason" text,
	"at" timestamp(3) with time zone NOT NULL,
	CONSTRAINT "person_event_pkey" PRIMARY KEY("person","event")
);
--> statement-breakpoint
CREATE TABLE "muster"."waiting" (
	"event" text COLLATE "C" PRIMARY KEY NOT NULL,
	"source" text COLLATE "C" NOT NULL,
	"subject" text COLLATE "C" NOT NULL,
	"type" text COLLATE "C" NOT NULL,
	"workflow_id" text COLLATE "C" NOT NULL,
	"since" timestamp(3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "muster"."account" ADD CONSTRAINT "account_owner_person_id_fk" FOREIGN KEY ("owner") REFERENCES "muster"."person"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "muster"."engagement" ADD CONSTRAINT "engagement_person_person_id_fk" FOREIGN KEY ("person") REFERENCES "muster"."person"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "muster"."identifier" ADD CONSTRAINT "identifier_person_person_id_fk" FOREIGN KEY ("person") REFERENCES "muster"."person"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "muster"."pending" ADD CONSTRAINT "pending_person_person_id_fk" FOREIGN KEY ("person") REFERENCES "muster"."person"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "muster"."person_event" ADD CONSTRAINT "person_event_person_person_id_fk" FOREIGN KEY ("person") REFERENCES "muster"."person"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "account_owner" ON "muster"."account" USING btree ("owner");--> statement-breakpoint
CREATE INDEX "engagement_manager" ON "muster"."engagement" USING btree ("manager_id");--> statement-breakpoint
CREATE INDEX "identifier_person" ON "muster"."identifier" USING btree ("person");--> statement-breakpoint
CREATE INDEX "identifier_lookup" ON "muster"."identifier" USING btree ("lookup");--> statement-breakpoint
CREATE INDEX "pending_due" ON "muster"."pending" USING btree ("due_at");--> statement-breakpoint
CREATE INDEX "person_state" ON "muster"."person" USING btree ("state");--> statement-breakpoint
CREATE INDEX "person_manager" ON "muster"."person" USING btree (("attributes"->>'managerId'));--> statement-breakpoint
CREATE INDEX "arrival_person" ON "muster"."arrival" USING btree ("person");--> statement-breakpoint
CREATE INDEX "arrival_open" ON "muster"."arrival" USING btree ("received_at") WHERE "muster"."arrival"."settled_at" IS NULL;--> statement-breakpoint
CREATE INDEX "evidence_unsealed" ON "muster"."evidence" USING btree ("seq") WHERE "muster"."evidence"."position" IS NULL;--> statement-breakpoint
CREATE INDEX "evidence_person" ON "muster"."evidence" USING btree ("person","seq");--> statement-breakpoint
CREATE INDEX "evidence_event" ON "muster"."evidence" USING btree ("event","seq");--> statement-breakpoint
CREATE INDEX "exception_due" ON "muster"."exception" USING btree ("due_at","id");--> statement-breakpoint
CREATE INDEX "exception_person" ON "muster"."exception" USING btree ("person");--> statement-breakpoint
CREATE INDEX "exception_unalerted" ON "muster"."exception" USING btree ("opened_at") WHERE "muster"."exception"."alerted_at" IS NULL;--> statement-breakpoint
CREATE INDEX "waiting_subject" ON "muster"."waiting" USING btree ("source","subject");