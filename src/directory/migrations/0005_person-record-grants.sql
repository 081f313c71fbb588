-- A person's whole record as JSON, in one call whose plan is kept, or NULL. Facts that are not there are absent, not null.
-- With "hold" the row is locked first; what comes after the wait is seen because a volatile function's statements each see
-- what is committed by then. A plain sub-select beside FOR UPDATE would show what was there before the wait.
CREATE OR REPLACE FUNCTION "muster"."person_record"(wanted text, hold boolean) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	record jsonb;
BEGIN
	IF hold THEN
		PERFORM FROM "muster"."person" WHERE "id" = wanted FOR UPDATE;
	END IF;
	SELECT jsonb_strip_nulls(jsonb_build_object(
			'id', p."id", 'name', p."name", 'state', p."state", 'epoch', p."epoch",
			'privileged', p."privileged", 'protection', p."protection"
		)) || jsonb_build_object(
			'attributes', p."attributes", 'facts', p."facts",
			'identifiers', (
				SELECT coalesce(jsonb_agg(jsonb_build_object(
					'source', i."source", 'type', i."type", 'value', i."value"
				) ORDER BY i."seq"), '[]')
				FROM "muster"."identifier" i WHERE i."person" = wanted),
			'engagements', (
				SELECT coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
					'id', e."id", 'source', e."source", 'workerId', e."worker_id", 'wid', e."wid",
					'workerType', e."worker_type", 'startDate', e."start_date", 'endDate', e."end_date",
					'lastDayOfWork', e."last_day_of_work", 'managerId', e."manager_id", 'location', e."location",
					'primary', e."primary", 'end', e."end"
				)) ORDER BY e."seq"), '[]')
				FROM "muster"."engagement" e WHERE e."person" = wanted),
			'accounts', (
				SELECT coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
					'target', a."target", 'id', a."id", 'name', a."name", 'kind', a."kind", 'owner', a."owner",
					'origin', a."origin", 'status', a."status", 'managedBy', a."managed_by", 'entitlements', a."entitlements",
					'seenAt', to_char(a."seen_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
				)) ORDER BY a."target", a."id"), '[]')
				FROM "muster"."account" a WHERE a."owner" = wanted),
			-- A null within "data" means something (no end any more), so it joins after the columns' nulls are gone.
			'pending', (
				SELECT coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
					'id', d."id", 'kind', d."kind",
					'dueAt', to_char(d."due_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
					'date', d."date", 'zone', d."zone", 'event', d."event", 'confidential', d."confidential"
				)) || jsonb_build_object('data', d."data") ORDER BY d."due_at", d."id"), '[]')
				FROM "muster"."pending" d WHERE d."person" = wanted),
			'grants', (
				SELECT coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
					'target', g."target", 'entitlement', g."entitlement", 'origin', g."origin",
					'until', to_char(g."until" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
					'event', g."event", 'because', g."because", 'privileged', g."privileged", 'approval', g."approval",
					'at', to_char(g."at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
				)) ORDER BY g."target", g."entitlement", g."origin"), '[]')
				FROM "muster"."entitlement_grant" g WHERE g."person" = wanted),
			'legalHolds', (
				SELECT coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
					'id', l."id", 'case', l."case", 'by', l."by",
					'at', to_char(l."at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
					'liftAskedBy', l."lift_asked_by"
				)) ORDER BY l."at", l."id"), '[]')
				FROM "muster"."legal_hold" l WHERE l."person" = wanted AND l."lifted_at" IS NULL)
		)
		INTO record FROM "muster"."person" p WHERE p."id" = wanted;
	RETURN record;
END $$;
