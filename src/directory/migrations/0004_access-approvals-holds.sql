CREATE TABLE "muster"."delegation" (
	"approver" text COLLATE "C" NOT NULL,
	"delegate" text COLLATE "C" NOT NULL,
	"from" timestamp(3) with time zone NOT NULL,
	"until" timestamp(3) with time zone NOT NULL,
	"by" text NOT NULL,
	CONSTRAINT "delegation_pkey" PRIMARY KEY("approver","from")
);
--> statement-breakpoint
CREATE TABLE "muster"."entitlement_grant" (
	"person" text COLLATE "C" NOT NULL,
	"target" text COLLATE "C" NOT NULL,
	"entitlement" text COLLATE "C" NOT NULL,
	"origin" text NOT NULL,
	"until" timestamp(3) with time zone,
	"event" text COLLATE "C" NOT NULL,
	"because" text NOT NULL,
	"privileged" boolean DEFAULT false NOT NULL,
	"approval" text COLLATE "C",
	"at" timestamp(3) with time zone NOT NULL,
	CONSTRAINT "entitlement_grant_pkey" PRIMARY KEY("person","target","entitlement","origin")
);
--> statement-breakpoint
CREATE TABLE "muster"."legal_hold" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"person" text COLLATE "C" NOT NULL,
	"case" text NOT NULL,
	"by" text NOT NULL,
	"at" timestamp(3) with time zone NOT NULL,
	"lift_asked_by" text,
	"lifted_by" text,
	"lifted_at" timestamp(3) with time zone
);
--> statement-breakpoint
CREATE TABLE "muster"."propagation" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"policy" text NOT NULL,
	"before" text,
	"state" text NOT NULL,
	"by" text NOT NULL,
	"started_at" timestamp(3) with time zone NOT NULL,
	"ended_at" timestamp(3) with time zone,
	"cursor" text COLLATE "C",
	"looked" integer DEFAULT 0 NOT NULL,
	"changed" integer DEFAULT 0 NOT NULL,
	"data" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "muster"."reserved_name" (
	"kind" text COLLATE "C" NOT NULL,
	"value" text COLLATE "C" NOT NULL,
	"person" text COLLATE "C" NOT NULL,
	"current" boolean NOT NULL,
	"at" timestamp(3) with time zone NOT NULL,
	"released_at" timestamp(3) with time zone,
	CONSTRAINT "reserved_name_pkey" PRIMARY KEY("kind","value")
);
--> statement-breakpoint
CREATE TABLE "muster"."target_health" (
	"target" text COLLATE "C" PRIMARY KEY NOT NULL,
	"failures" integer DEFAULT 0 NOT NULL,
	"since" timestamp(3) with time zone,
	"code" text,
	"message" text,
	"rest_until" timestamp(3) with time zone,
	"last_good_at" timestamp(3) with time zone,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "muster"."alert" (
	"exception" text COLLATE "C" NOT NULL,
	"route" text COLLATE "C" NOT NULL,
	"target" text COLLATE "C" NOT NULL,
	"reference" text,
	"sent_at" timestamp(3) with time zone NOT NULL,
	"times" integer DEFAULT 1 NOT NULL,
	"closed_at" timestamp(3) with time zone,
	CONSTRAINT "alert_pkey" PRIMARY KEY("exception","route")
);
--> statement-breakpoint
CREATE TABLE "muster"."approval" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"person" text COLLATE "C" NOT NULL,
	"event" text COLLATE "C" NOT NULL,
	"hash" text NOT NULL,
	"state" text NOT NULL,
	"opened_at" timestamp(3) with time zone NOT NULL,
	"due_at" timestamp(3) with time zone NOT NULL,
	"step" integer NOT NULL,
	"approvers" text[] NOT NULL,
	"data" jsonb NOT NULL,
	"decided_at" timestamp(3) with time zone,
	"decided_by" text,
	"comment" text
);
--> statement-breakpoint
CREATE TABLE "muster"."hold" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"reason" text NOT NULL,
	"state" text NOT NULL,
	"opened_at" timestamp(3) with time zone NOT NULL,
	"closed_at" timestamp(3) with time zone,
	"data" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "muster"."reservation" (
	"person" text COLLATE "C" NOT NULL,
	"event" text COLLATE "C" NOT NULL,
	"kind" text NOT NULL,
	"source" text COLLATE "C" NOT NULL,
	"at" timestamp(3) with time zone NOT NULL,
	"state" text NOT NULL,
	"hold" text COLLATE "C",
	"data" jsonb NOT NULL,
	CONSTRAINT "reservation_pkey" PRIMARY KEY("person","event","kind")
);
--> statement-breakpoint
ALTER TABLE "muster"."account" ADD COLUMN "seen_at" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "muster"."engagement" ADD COLUMN "end" jsonb;--> statement-breakpoint
ALTER TABLE "muster"."person" ADD COLUMN "facts" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "muster"."exception" ADD COLUMN "taken_by" text;--> statement-breakpoint
ALTER TABLE "muster"."exception" ADD COLUMN "taken_at" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "muster"."exception" ADD COLUMN "until" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "muster"."exception" ADD COLUMN "skip_asked_by" text;--> statement-breakpoint
ALTER TABLE "muster"."entitlement_grant" ADD CONSTRAINT "entitlement_grant_person_person_id_fk" FOREIGN KEY ("person") REFERENCES "muster"."person"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "muster"."legal_hold" ADD CONSTRAINT "legal_hold_person_person_id_fk" FOREIGN KEY ("person") REFERENCES "muster"."person"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "muster"."reserved_name" ADD CONSTRAINT "reserved_name_person_person_id_fk" FOREIGN KEY ("person") REFERENCES "muster"."person"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "entitlement_grant_until" ON "muster"."entitlement_grant" USING btree ("until");--> statement-breakpoint
CREATE INDEX "legal_hold_person" ON "muster"."legal_hold" USING btree ("person");--> statement-breakpoint
CREATE INDEX "reserved_name_person" ON "muster"."reserved_name" USING btree ("person");--> statement-breakpoint
CREATE INDEX "approval_person" ON "muster"."approval" USING btree ("person");--> statement-breakpoint
CREATE INDEX "approval_open" ON "muster"."approval" USING btree ("due_at") WHERE "muster"."approval"."state" = 'open';--> statement-breakpoint
CREATE INDEX "hold_open" ON "muster"."hold" USING btree ("kind") WHERE "muster"."hold"."state" = 'open';--> statement-breakpoint
CREATE INDEX "reservation_at" ON "muster"."reservation" USING btree ("kind","at");--> statement-breakpoint
CREATE INDEX "reservation_hold" ON "muster"."reservation" USING btree ("hold");