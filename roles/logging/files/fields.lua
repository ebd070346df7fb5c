-- Copyright (c) 2026 the gantry.platform authors
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later

-- What Fluent Bit calls for every line: fields of the Elastic Common Schema, without what the class of the data does not allow to leave the node.
-- `rules` is a table before this text: data alone, written by the filter logging_rules. Where anything here fails, nothing of the line leaves.

local LONGEST, MOST = 32768, 64

local LEVELS = {
  trace = "trace", verbose = "trace", debug = "debug", d = "debug", info = "info", information = "info", i = "info", notice = "notice",
  warn = "warn", warning = "warn", w = "warn", error = "error", err = "error", e = "error", severe = "error", critical = "critical",
  crit = "critical", fatal = "critical", f = "critical", panic = "critical", alert = "critical", emergency = "critical", emerg = "critical",
  ["10"] = "trace", ["20"] = "debug", ["30"] = "info", ["40"] = "warn", ["50"] = "error", ["60"] = "critical",
}

-- By the name that loggers give it, in small letters: the field that it is.
local KNOWN = {
  level = "level", severity = "level", lvl = "level", levelname = "level", ["log.level"] = "level", loglevel = "level",
  message = "message", msg = "message",
  logger = "logger", logger_name = "logger", ["log.logger"] = "logger",
  trace_id = "trace", traceid = "trace", ["trace.id"] = "trace", ["otel.trace_id"] = "trace",
  span_id = "span", spanid = "span", ["span.id"] = "span", ["otel.span_id"] = "span",
  error = "error", err = "error", exception = "error", ["error.message"] = "error", ["exception.message"] = "error",
  ["err.message"] = "error", ["err.type"] = "error_type", ["err.code"] = "error_code", ["err.stack"] = "stack", ["error.stack"] = "stack",
  ["error.type"] = "error_type", ["exception.type"] = "error_type", exc_type = "error_type", ["error.code"] = "error_code",
  stack = "stack", stacktrace = "stack", stack_trace = "stack", exc_info = "stack", ["error.stack_trace"] = "stack",
  ["exception.stacktrace"] = "stack",
  method = "method", http_method = "method", ["http.method"] = "method", ["http.request.method"] = "method",
  status = "status", status_code = "status", ["http.status_code"] = "status", ["http.response.status_code"] = "status",
  path = "path", url = "path", uri = "path", ["url.path"] = "path", ["http.target"] = "path",
  duration_ms = "milliseconds", latency_ms = "milliseconds", elapsed_ms = "milliseconds",
  caller = "caller", file = "caller", ["log.origin.file.name"] = "caller",
  user = "user", username = "user", ["user.name"] = "user", user_id = "user", userid = "user", ["user.id"] = "user",
  client_ip = "source", remote_addr = "source", ["source.ip"] = "source", ["client.address"] = "source",
  user_agent = "agent", useragent = "agent", ["user_agent.original"] = "agent",
  request_id = "request", requestid = "request", ["http.request.id"] = "request", x_request_id = "request",
  ts = "time", time = "time", timestamp = "time", ["@timestamp"] = "time",
}

local function leaves(value, name, found, depth)
  if type(value) ~= "table" then
    local said = text(value)
    if said ~= nil and found.count < MOST then
      found.count = found.count + 1
      found.values[name] = said
    end
  elseif depth < 6 then
    local keys = {}
    for key in pairs(value) do table.insert(keys, key) end
    table.sort(keys, function(one, other) return tostring(one) < tostring(other) end)
    for _, key in ipairs(keys) do
      leaves(value[key], name == "" and tostring(key) or name .. "." .. tostring(key), found, depth + 1)
    end
  end
end

local function flat(map)
  local found = {values = {}, count = 0}
  leaves(map, "", found, 0)
  return found.values
end

-- key=value pairs, where the whole line is made of them.
local function logfmt(line)
  if not line:match("^[%a_@][%w_%.@%-/]*=") then return nil end
  local found, count, at = {}, 0, 1
  while at <= #line do
    local key, after = line:match("^([%a_@][%w_%.@%-/]*)=()", at)
    if not key then return nil end
    local value, stop = line:match('^"(.-[^\\])"()', after)
    if not value then value, stop = line:match('^(")"()', after) if value then value = "" end end
    if not value then value, stop = line:match("^([^%s\"]*)()", after) end
    found[key], count = value:gsub('\\"', '"'), count + 1
    at = line:match("^%s*()", stop)
    if at == stop and at <= #line then return nil end
  end
  return count > 1 and found or nil
end

local function level_of(said)
  return LEVELS[tostring(said or ""):lower()]
end

-- The level that a plain line begins with, after what looks like a time.
local function level_in(line)
  local rest = line:gsub("^[%d%-/T:%.,Z%+ ]+", "")
  local bracketed = rest:match("^%[%s*(%a+)%s*%]")
  local word = bracketed or rest:match("^(%a+)[%s:%-|]") or rest:match("^%a+%s*%[(%a+)%]")
  return word and #word > 1 and (bracketed or word == word:upper()) and level_of(word) or nil
end

-- Of a stack trace of Java the first name of a class that ends as those of errors do, and what stands behind it.
local function thrown(line)
  for name, past in line:gmatch("%f[%w_%.%$]([%a_][%w_%.%$]*)()") do
    local class = #name < 512 and name:match("%.([%w_%$]+)$")
    if class and (class:find("Er%a+$") or class:find("Ex%a+$")) then
      local words = line:match("^:? ?([^\n]*)\n", past)
      return words and name, words
    end
  end
  return nil
end

-- Joined stack traces: what failed, with which words, and where.
local function stack_of(line, out)
  local kind, words = line:match("\n([%a_][%w_%.]*): ([^\n]*)\n*$")
  if line:find("Traceback (most recent call last):", 1, true) then
    if not kind then kind = line:match("\n([%a_][%w_%.]*)\n*$") end
  elseif line:find("\n[ \t]+at [%w%.%$_<>/]+%(") then
    kind, words = thrown(line)
  elseif line:find("^panic: ") and line:find("\ngoroutine ") then
    kind, words = "panic", line:match("^panic: ([^\n]*)")
  else
    return false
  end
  out.error = {type = kind, message = words, stack_trace = line}
  out.log = out.log or {}
  out.log.level = level_in(line) or "error"
  out.message = line:match("^[^\n]*")
  return true
end

-- The frames alone: neither the words of the error nor lines of code that may hold some.
local function frames(stack)
  local found = {}
  for line in stack:gmatch("[^\n]+") do
    if line:match('^%s+File "') or line:match("^%s+at ") or line:match("^%s+[%w%./_%-]+%.go:%d+") then
      table.insert(found, line)
    end
  end
  return #found > 0 and table.concat(found, "\n") or nil
end

local SETTERS = {
  level = function(out, said)
    out.log.level = level_of(said)
    if not out.log.level then out.labels.level = said end
  end,
  message = function(out, said) out.message = said end,
  logger = function(out, said) out.log.logger = said end,
  trace = function(out, said) if said:match("^%x+$") and #said == 32 then out.trace = {id = said:lower()} end end,
  span = function(out, said) if said:match("^%x+$") and #said == 16 then out.span = {id = said:lower()} end end,
  error = function(out, said) out.error.message = said end,
  error_type = function(out, said) out.error.type = said end,
  error_code = function(out, said) out.error.code = said end,
  stack = function(out, said) out.error.stack_trace = said end,
  method = function(out, said) out.http.request.method = said:upper() end,
  status = function(out, said) out.http.response.status_code = tonumber(said) end,
  path = function(out, said) out.url.path = said end,
  milliseconds = function(out, said)
    local number = tonumber(said)
    if number then out.event.duration = math.floor(number * 1e6 + 0.5) end
  end,
  caller = function(out, said)
    local name, line = said:match("^(.*):(%d+)$")
    out.log.origin = {file = {name = name or said, line = tonumber(line)}}
  end,
  user = function(out, said) out.user = {name = said} end,
  source = function(out, said) out.source = {ip = said} end,
  agent = function(out, said) out.user_agent = {original = said} end,
  request = function(out, said) out.http.request.id = said end,
  time = function() end,
}

-- What a line said in pairs. Of two names for one field the first in the alphabet counts, so that it is the same every time.
local function from_map(map, out)
  local values, names = flat(map), {}
  for name in pairs(values) do table.insert(names, name) end
  table.sort(names)
  local taken = {}
  for _, name in ipairs(names) do
    local field = KNOWN[name:lower()]
    if field and (field ~= "status" or tonumber(values[name])) and not taken[field] then
      taken[field] = true
      SETTERS[field](out, values[name])
    else
      out.labels[name] = values[name]
    end
  end
  -- What structlog calls the text of a line.
  if not taken.message then out.message, out.labels.event = out.labels.event, nil end
end

-- Kinds of lines that only who is trusted with them may write.
local function from_audit(event, out)
  out.event.kind, out.event.action = "event", event.verb
  out.event.outcome = tonumber((event.responseStatus or {}).code or 200) < 400 and "success" or "failure"
  out.http.response.status_code = tonumber((event.responseStatus or {}).code)
  out.user = {name = (event.user or {}).username}
  out.source = {ip = (event.sourceIPs or {})[1]}
  out.user_agent = {original = event.userAgent}
  local of = event.objectRef or {}
  out.labels = {resource = of.resource, namespace = of.namespace, name = of.name, stage = event.stage, audit_id = event.auditID,
                decision = (event.annotations or {})["authorization.k8s.io/decision"]}
  out.message = table.concat({event.verb or "", event.requestURI or ""}, " ")
end

local function from_vault(event, out)
  local request, auth = event.request or {}, event.auth or {}
  out.event.kind, out.event.action = "event", request.operation
  out.event.outcome = event.error and event.error ~= "" and "failure" or "success"
  if out.event.outcome == "failure" then out.error.message = text(event.error) end
  out.user = {name = auth.display_name}
  out.source = {ip = request.remote_address}
  out.labels = {type = event.type, mount_type = request.mount_type, request_id = request.id}
  out.message = table.concat({request.operation or "", request.path or ""}, " ")
end

local function from_falco(event, out)
  out.event.kind = "alert"
  out.rule = {name = text(event.rule)}
  out.log.level = level_of(event.priority) or "warn"
  out.message = text(event.output)
  out.labels = flat(event.output_fields or {})
end

local function from_access(record, out)
  out.http.request.method = record.a_method
  out.http.version = record.a_version
  out.http.response.status_code = tonumber(record.a_status)
  local bytes = tonumber(record.a_bytes)
  if bytes then out.http.response.body = {bytes = bytes} end
  out.url.path = record.a_path
  if record.a_source and record.a_source ~= "-" then out.source = {ip = record.a_source:match("^[^,]+")} end
  if record.a_agent and record.a_agent ~= "" and record.a_agent ~= "-" then out.user_agent = {original = record.a_agent} end
  if record.a_user and record.a_user ~= "-" and record.a_user ~= "" then out.user = {name = record.a_user} end
  if record.a_request and record.a_request ~= "-" then out.http.request.id = record.a_request end
  if record.a_duration then SETTERS.milliseconds(out, record.a_duration) end
  local status = out.http.response.status_code or 0
  out.log.level = status >= 500 and "error" or status >= 400 and "warn" or "info"
  out.event.category = "web"
  out.event.outcome = status >= 400 and "failure" or "success"
  out.message = table.concat({record.a_method or "", record.a_path or "", record.a_status or ""}, " ")
end

local function from_klog(record, out)
  out.log.level = level_of(record.k_level)
  out.log.origin = {file = {name = record.k_file, line = tonumber(record.k_line)}}
  local message, rest = record.k_message:match('^"(.-)"%s*(.*)$')
  out.message = message or record.k_message
  local map = message and rest ~= "" and (logfmt(rest) or logfmt(rest .. " _=_"))
  if map then
    map._ = nil
    if map.err then out.error.message, map.err = map.err, nil end
    out.labels = flat(map)
  end
end

-- Whose line it is. What a pod's labels say counts in its namespace alone: a namespace is its team's.
local function owner(kubernetes)
  local space, labels = kubernetes.namespace_name or "", kubernetes.labels or {}
  local name = labels["app.kubernetes.io/name"] or ""
  local service = rules.services[space .. "/" .. name]
  if service then return service, name, false end
  if rules.platform[space] then
    return {dataset = "platform", redaction = "plain", tier = "", data_class = "", team = ""}, name, true
  end
  return {dataset = "platform", redaction = "strict", tier = "", data_class = "", team = ""}, name, false
end

local function body(record, out, trusted)
  local line = record.log:sub(1, LONGEST):match("^.*[^\r\n]") or ""
  local json = type(record.json) == "table" and record.json or nil
  if json and trusted and json.kind == "Event" and tostring(json.apiVersion):match("^audit%.k8s%.io/") then
    from_audit(json, out)
    return "audit"
  elseif json and trusted and (json.type == "request" or json.type == "response") and type(json.request) == "table" then
    from_vault(json, out)
    return "audit"
  elseif json and trusted and json.rule and json.priority and json.output then
    from_falco(json, out)
    return "security"
  elseif json then
    from_map(json, out)
  elseif record.k_level then
    from_klog(record, out)
  elseif record.a_method then
    from_access(record, out)
  elseif not stack_of(line, out) then
    local map = logfmt(line)
    if map then
      from_map(map, out)
    else
      out.log.level = level_in(line)
      out.message = line
    end
  end
  return nil
end

-- The first pattern of the inventory's that the line has. Patterns look at what was written, before anything was taken out.
local function pattern_of(record, out)
  local line = record.log:lower()
  for _, one in ipairs(rules.patterns) do
    local fits = true
    for _, words in ipairs(one.all) do
      local some = false
      for _, word in ipairs(words) do
        if line:find(word, 1, true) then some = true break end
      end
      if not some then fits = false break end
    end
    if fits then return one.name end
  end
  return nil
end

local WORDS_OF_ERRORS = {message = true, stack = true, stacktrace = true}

-- Take out of the fields what the mode does not allow; gives how many fields lost something.
local function redact(out, mode)
  local lost = 0
  -- A text that is a word of programs and no sentence.
  local function word(said, form) return said == nil or mode == "plain" or tostring(said):find("^[" .. form .. "]+$") ~= nil end
  local function keep(map, key, may)
    if map and map[key] ~= nil then
      if not may then
        map[key], lost = nil, lost + 1
      elseif type(map[key]) == "string" then
        local said = allowed(map[key], mode)
        if said ~= map[key] then map[key], lost = said, lost + 1 end
      end
    end
  end
  local plain, strict = mode == "plain", mode == "strict"
  for name in pairs(out.labels) do
    local technical = named(name, rules.technical) and word(out.labels[name], "%w_%.%-/:") or rules.keep[name]
    local may = not named(name, rules.secret) and not secret(name) and not rules.drop[name]
      and (plain or not (named(name, rules.person) or named(name, rules.content) or WORDS_OF_ERRORS[parts(name):match("[^_]*$")]))
      and (not strict or technical) and word(name, "%w_%.%-/") and allowed(name, mode) == name
    keep(out.labels, name, may)
  end
  keep(out.user, "name", plain)
  keep(out.source, "ip", plain)
  keep(out.user_agent, "original", plain)
  keep(out.error, "message", plain)
  if not plain and out.error.stack_trace then
    out.error.stack_trace, lost = frames(out.error.stack_trace), lost + 1
  end
  keep(out.error, "stack_trace", not strict)
  keep(out.url, "path", not strict)
  keep(out.error, "type", word(out.error.type, "%w_%.%$:"))
  keep(out.error, "code", word(out.error.code, "%w_%.%-"))
  keep(out.http.request, "id", word(out.http.request.id, "%w%-_"))
  keep(out.http.request, "method", word(out.http.request.method, "%u"))
  keep((out.log.origin or {}).file, "name", word(((out.log.origin or {}).file or {}).name, "%w_%.%-/"))
  keep(out.log, "logger", word(out.log.logger, "%w_%.%$:%-/"))
  if strict then
    out.message, lost = GONE, lost + 1
  else
    keep(out, "message", true)
  end
  for _, name in ipairs({"message", "error.message", "user.name", "source.ip", "url.path"}) do
    if rules.drop[name] then
      local outer, inner = name:match("^(%w+)%.(%w+)$")
      if outer then keep(out[outer], inner, false) else keep(out, name, false) end
    end
  end
  return lost
end

-- Without tables that hold nothing: Elasticsearch would keep them.
local function pruned(map)
  for key, value in pairs(map) do
    if type(value) == "table" then
      pruned(value)
      if next(value) == nil then map[key] = nil end
    end
  end
  return map
end

local function place_of(kubernetes)
  return {
    namespace = kubernetes.namespace_name, pod = {name = kubernetes.pod_name}, container = {name = kubernetes.container_name},
    node = {name = kubernetes.host},
  }
end

local function stream_of(dataset)
  return {type = "logs", dataset = dataset, namespace = rules.environment}
end

local function fields(record)
  local kubernetes = record.kubernetes or {}
  local place, name, trusted = owner(kubernetes)
  local out = {
    log = {}, event = {}, error = {}, labels = {}, http = {request = {}, response = {}}, url = {},
    service = {name = name ~= "" and name or nil},
    kubernetes = place_of(kubernetes),
    container = {image = {name = kubernetes.container_image}},
    orchestrator = {cluster = {name = rules.cluster}},
    gantry = {team = place.team ~= "" and place.team or nil, tier = place.tier ~= "" and place.tier or nil,
              data_class = place.data_class ~= "" and place.data_class or nil, bytes = #(record.log or "")},
  }
  local dataset = body(record, out, trusted) or place.dataset
  if not out.log.level then out.log.level = record.stream == "stderr" and "error" or "info" end
  if out.error.stack_trace and not out.error.type then
    out.error.type = out.error.stack_trace:match("\n([%a_][%w_%.]*): [^\n]*\n*$")
  end
  local pattern = pattern_of(record, out)
  if pattern then out.rule = {name = pattern} end
  out.event.dataset = dataset
  out.data_stream = stream_of(dataset)
  local lost = redact(out, place.redaction)
  if lost > 0 then out.gantry.redacted = lost end
  return pruned(out)
end

function gantry(tag, timestamp, record)
  local done, out = pcall(fields, record)
  if not done then
    out = {
      message = GONE, log = {level = "error"}, event = {dataset = "platform", outcome = "unreadable"},
      data_stream = stream_of("platform"), kubernetes = place_of(record.kubernetes or {}), gantry = {bytes = #(record.log or "")},
    }
  end
  return 2, timestamp, out
end
