#!/usr/bin/env bash
# Walks the leads API: list, filter, search, one lead, edit, history, conversations, figures, CSV both ways, the old view,
# cursor, deletion. Makes one lead of its own and deletes it again. Needs curl and jq.
#   PORCHLIGHT_API_KEY=sk_… ./walk.sh [http://127.0.0.1:8787]
set -euo pipefail
server=${1:-http://127.0.0.1:8787}
: "${PORCHLIGHT_API_KEY:?set it to a key that porchlight admin create or key create has printed}"

api() { curl --fail-with-body --silent --show-error -H "Authorization: Bearer $PORCHLIGHT_API_KEY" "$@"; }

echo "The newest leads:"
api "$server/api/leads-enhanced?pageSize=3" | jq -r '.leads[] | "  \(._id)  \(.email)  \(.status)"'

echo "Those that ask for something with a budget:"
api --get "$server/api/leads-enhanced" --data-urlencode "search=budget" | jq -r '"  \(.total)"'

lead=$(api "$server/api/leads-enhanced?pageSize=1" | jq -r '.leads[0]._id // empty')
if [ -z "$lead" ]; then
  echo "There is no lead yet: write in the chat of the demo page, with an e-mail address."
  exit 0
fi

echo "One of them:"
api "$server/api/leads-enhanced/$lead" | jq '.lead | {email, requirements, source, firstMessage, conversationCount}'

echo "Qualified, unless somebody else has changed it meanwhile:"
etag=$(api --head "$server/api/leads-enhanced/$lead" | tr -d '\r' | sed -n 's/^[Ee][Tt][Aa][Gg]: //p')
api -X PUT "$server/api/leads-enhanced/$lead" -H "If-Match: $etag" -H "Content-Type: application/json" \
  -d '{"status": "qualified", "tags": ["walked"], "value": 480}' | jq '.lead | {status, tags, value}'

echo "What was written:"
api "$server/api/chats?leadId=$lead" | jq -r '.conversations[].messages[] | "  \(.role): \(.text)"'

echo "Who changed it:"
api "$server/api/leads-enhanced/$lead/events?pageSize=5" | jq -r '.events[] | "  \(.at) \(.who): \([.changes[].field] | join(", "))"'

echo "Figures:"
api "$server/api/leads-enhanced?analytics=true" |
  jq '.analytics | {totalLeads, qualifiedLeads, totalValue, conversionRate, thisWeekLeads, byPage: .byPage[:3]}'

echo "A lead from a spreadsheet, first only looked at, then made:"
row=$'email,status,value,tags\nwalker@example.com,contacted,120,"walked, imported"\n'
for dry in true false; do
  api -X POST "$server/api/leads-enhanced/import?dryRun=$dry" -H "Content-Type: text/csv" --data-binary "$row" |
    jq -c '{dryRun, created, updated, unchanged}'
done

echo "The same as CSV:"
api --get "$server/api/leads-enhanced/export.csv" --data-urlencode "tag=imported" | cut -c 1-100

echo "The old view, chats by address:"
api "$server/api/leads?pageSize=3" | jq -r '.leads[] | "  \(.email): \(.messageCount) messages"'

echo "All leads, by cursor:"
next=""
for _ in $(seq 1000); do
  page=$(api --get "$server/api/leads-enhanced" --data-urlencode "pageSize=100" ${next:+--data-urlencode "cursor=$next"})
  jq -r '.leads[] | "  \(.email)"' <<< "$page"
  next=$(jq -r '.nextCursor // empty' <<< "$page")
  [ -n "$next" ] || break
done

echo "The lead from the spreadsheet is deleted again:"
walker=$(api --get "$server/api/leads-enhanced" --data-urlencode "search=walker" | jq -r '.leads[0]._id')
api -X DELETE "$server/api/leads-enhanced" -H "Content-Type: application/json" -d "{\"leadId\": \"$walker\"}" | jq -c .
