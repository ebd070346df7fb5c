-- Copyright (c) 2026 the gantry.platform authors
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later

-- What must not leave a node: secrets from every line, persons from those of a class that says so. Data alone comes from the inventory (`rules`).

local GONE = "***"

local function text(value)
  local kind = type(value)
  if kind == "string" then return value end
  if kind == "number" then
    return value == math.floor(value) and math.abs(value) < 2 ^ 53 and string.format("%d", value) or tostring(value)
  end
  return kind == "boolean" and tostring(value) or nil
end

-- name in small letters, its parts joined by underscores: sessionToken and session-token are session_token.
local function parts(name)
  return (name:gsub("(%l)(%u)", "%1_%2"):gsub("(%u)(%u%l)", "%1_%2"):gsub("[%.%-%s]", "_"):lower())
end

-- Whether a name ends with a word of a secret, joined to it or not: dbpassword. What ends in pass is one where that is a word: no bypass.
local function secret(name)
  local whole = parts(name)
  for _, word in ipairs(rules.secret) do
    if whole:sub(-#word) == word then return true end
  end
  return whole:find("%f[%a]pass$") ~= nil
end

local function named(name, words)
  local whole = "_" .. parts(name) .. "_"
  for _, word in ipairs(words) do
    if whole:find("_" .. word .. "_", 1, true) then return true end
  end
  return false
end

-- ISO/IEC 7812-1, annex B.
local function is_card(digits)
  if #digits < 13 or #digits > 19 then return false end
  local sum, double = 0, false
  for at = #digits, 1, -1 do
    local digit = digits:byte(at) - 48
    if double then
      digit = digit * 2
      if digit > 9 then digit = digit - 9 end
    end
    sum, double = sum + digit, not double
  end
  return sum % 10 == 0
end

local function without_cards(said)
  local function masked(found)
    if is_card((found:gsub("[ %-]", ""))) then return GONE end
  end
  said = said:gsub("%f[%d]%d%d%d%d[ %-]%d%d%d%d[ %-]%d%d%d%d[ %-]%d%d%d%d%f[%D]", masked)
  said = said:gsub("%f[%d]%d%d%d%d[ %-]%d%d%d%d%d%d[ %-]%d%d%d%d%d%f[%D]", masked)
  return (said:gsub("%f[%d]%d+%f[%D]", masked))
end

-- Of a text what each place has instead that `find` gives as (first, past it) from a position on. Every sign is looked at once.
local function without(said, find)
  local out, at = {}, 1
  local first, past = find(said, at)
  while first do
    table.insert(out, said:sub(at, first - 1) .. GONE)
    at = past
    first, past = find(said, at)
  end
  return at == 1 and said or table.concat(out) .. said:sub(at)
end

local SECRET_FORMS = {
  "%f[%w]hv[sbr]%.[%w_%-]+",
  "%f[%w]A[KS]IA[%u%d]+%f[%W]",
  "%f[%w]gh[pousr]_%w+",
  "%f[%w]github_pat_[%w_]+",
  "%f[%w]glpat%-[%w_%-%.]+",
  "%f[%w]npm_" .. ("%w"):rep(36),
  "%f[%w]pypi%-AgE[%w_%-]+",
  "%f[%w][sr]k_live_%w+",
  "%f[%w]AIza" .. ("[%w_%-]"):rep(35),
  "%f[%w]xox[abeoprs]%-[%w%-]+",
}

-- A private key, or what is there of one that was cut.
local function private_key(said, at)
  local first, last = said:find("%-%-%-%-%-BEGIN [%u ]*PRIVATE KEY[%u ]*%-%-%-%-%-", at)
  if not first then return nil end
  local _, stop = said:find("%-%-%-%-%-END [%u ]*PRIVATE KEY[%u ]*%-%-%-%-%-", last + 1)
  return first, (stop or #said) + 1
end

-- A token in the compact form (RFC 7515, RFC 7516): at least three parts, of which the first is an object of JSON.
local function web_token(said, at)
  local first = said:find("%f[%w]eyJ", at)
  while first do
    local past = said:match("^[%w_%-%.]*[%w_%-]()", first)
    if said:sub(first, past):find("%..*%.") then return first, past end
    first = said:find("%f[%w]eyJ", past)
  end
  return nil
end

local function any_case(word)
  return (word:gsub("%a", function(letter) return "[" .. letter:lower() .. letter:upper() .. "]" end))
end

-- Behind the quote that ends what one with so many backslashes before it begins: inside a text that was quoted again each has more of them.
-- Where none ends it the line was cut.
local function past_quote(said, at, quote, depth)
  local stop, from = said:find(quote, at, true), at
  while stop do
    local before = stop
    while before > from and said:byte(before - 1) == 92 do before = before - 1 end
    local more = stop - before - depth
    if more < 0 then return stop end
    if math.floor(more / (depth + 1)) % 2 == 0 then return stop + 1 end
    from = stop + 1
    stop = said:find(quote, from, true)
  end
  return #said + 1
end

-- What an Authorization has behind its scheme: a token or parameters with commas between them (RFC 9110, 11.4).
local AUTHORIZATION = any_case("authorization") .. "[\"']?%s*[:=]%s*[\"']?%a[%w%-]*%s+"

local function credentials(said, at)
  local _, last = said:find(AUTHORIZATION, at)
  if not last then return nil end
  local past, next_one = nil, last + 1
  while next_one do
    past = said:match('^[%w%-]+=\\*"[^"]*"()', next_one) or said:match("^[^%s\"',}%]]*()", next_one)
    next_one = said:match("^,%s*()[%w%-]+=", past)
  end
  return last + 1, past
end

-- Behind what is not quoted. A comma or a semicolon is part of it where no name of another value follows.
local function past_bare(said, at)
  local past = said:match("^[^%s\"',;&}%]]*()", at)
  local more, sign = said:match("^[,;]+[^%s\"',;&}%]=:]+()(.?)", past)
  while more and not sign:find("[=:\"']") do
    past = more
    more, sign = said:match("^[,;]+[^%s\"',;&}%]=:]+()(.?)", past)
  end
  return past
end

-- Behind a value: quoted, also as one that doubles a quote or as a text of Python or Rust, a list or a map, or up to what parts it from the next.
local function past_value(said, at)
  at = said:match("^[bBuU]()[\"']", at) or said:match("^%a+%(()[\"']", at) or at
  local slashes, quote = said:match("^(\\*)([\"'])", at)
  if quote then
    local opening = slashes .. quote
    while said:sub(at, at + #slashes) == opening do at = past_quote(said, at + #opening, quote, #slashes) end
    return said:match("^[^%s\"',;&}%]%)<>\\]*()", at)
  end
  local opening = said:match("^[%[{]", at)
  if opening then at = (said:find(opening == "[" and "]" or "}", at, true) or #said) + 1 end
  return past_bare(said, at)
end

-- What stands behind a form: gives a function for `without`. Where the value has to be of a form it says which.
local function value_behind(form, like)
  return function(said, at)
    local first, last = said:find(form, at)
    while first do
      local past = past_value(said, last + 1)
      if past > last + 1 and (not like or said:sub(last + 1, past - 1):find(like)) then return last + 1, past end
      first, last = said:find(form, math.max(past, last + 1))
    end
    return nil
  end
end

local function between_tags(name)
  local form = "<[%w:_%.%-]*" .. name .. "%f[%s>][^<>]*>%s*()"
  return function(said, at)
    local _, _, first = said:find(form, at)
    while first do
      local inside = said:match("^<!%[CDATA%[()", first)
      local past = inside and (said:find("]]>", inside, true) or #said + 1) or said:match("^[^<]*()", first)
      first = inside or first
      if past > first then return first, past end
      _, _, first = said:find(form, past)
    end
    return nil
  end
end

-- The value of a secret's name: after a colon, an equals sign or an arrow, as that of an option, between two tags.
local NAMED = {value_behind("%f[%a][Pp][Aa][Ss][Ss]=")}
for _, word in ipairs(rules.secret) do
  local name = any_case(word):gsub("_", "[_%%-%%.]?")
  table.insert(NAMED, value_behind(name .. "[\\\"']*%s*[:=]+>?%s*"))
  table.insert(NAMED, value_behind("%-" .. name .. "%s+"))
  table.insert(NAMED, between_tags(name))
end

-- Options that have a secret for a value and no name that says so, by the program behind whose name they stand, in a shell's words or in a list's.
local OPTIONS = {}
local function option(program, form, like)
  for _, apart in ipairs({"[\"'],%s*", "%s+"}) do
    table.insert(OPTIONS, {program, value_behind("[%s\"']" .. form .. apart, like)})
  end
end
for _, form in ipairs({"%-%a*[uU]", "%-%-user", "%-%-proxy%-user"}) do option("curl", form, ":") end
for _, form in ipairs({"%-%-user=", "%-%-proxy%-user="}) do table.insert(OPTIONS, {"curl", value_behind("[%s\"']" .. form, ":")}) end
table.insert(OPTIONS, {"curl", value_behind("[%s\"']%-[uU]", "^[^\"'].*:")})
for program, form in pairs({sshpass = "%-p", ["redis%-cli"] = "%-a"}) do
  option(program, form)
  table.insert(OPTIONS, {program, value_behind("%s" .. form)})
end
for _, program in ipairs({"mysql", "mysqldump", "mysqladmin"}) do table.insert(OPTIONS, {program, value_behind("%s%-p")}) end

local function without_secrets(said)
  said = without(without(said, private_key), web_token)
  for _, form in ipairs(SECRET_FORMS) do said = said:gsub(form, GONE) end
  said = said:gsub("(%f[%w]" .. any_case("bearer") .. "%s+)[%w%-%._~%+/=]+", "%1" .. GONE)
  said = without(said, credentials)
  said = said:gsub("(://)[^/%s]*@", "%1" .. GONE .. "@")
  for _, find in ipairs(NAMED) do said = without(said, find) end
  for _, one in ipairs(OPTIONS) do
    local first = said:find("%f[%w]" .. one[1] .. "%f[^%w%-]")
    if first then said = said:sub(1, first - 1) .. without(said:sub(first), one[2]) end
  end
  return without_cards(said)
end

-- An address of IPv6 (RFC 4291, 2.2); a time has fewer colons, a name of C++ other letters beside them.
local function without_address(found)
  local colons = select(2, found:gsub(":", ""))
  if found:find("%x") and (colons == 7 or colons > 1 and found:find("::", 1, true)) then return GONE end
end

-- Each sign between name and domain is looked at once; a name has at most 64 characters (RFC 5321, 4.5.3.1.1).
local function without_mails(said)
  local out, at, here = {}, 1, said:find("@", 1, true)
  while here do
    local first = here
    while first > at and here - first < 64 and said:find("^[%w%._%%%+%-]", first - 1) do first = first - 1 end
    local last = first < here and select(2, said:find("^[%w%-]+%.[%w%.%-]*%w", here + 1))
    table.insert(out, last and said:sub(at, first - 1) .. GONE or said:sub(at, here))
    at = (last or here) + 1
    here = said:find("@", at, true)
  end
  return table.concat(out) .. said:sub(at)
end

local function without_persons(said)
  said = said:gsub("%f[%w:][%x:]+%f[^%w:]", without_address)
  said = without_mails(said)
  said = said:gsub("%f[%d]%d%d?%d?%.%d%d?%d?%.%d%d?%d?%.%d%d?%d?%f[%D]", GONE)
  said = said:gsub("%+%d[%d %-%(%)]+%d", function(number)
    local count = select(2, number:gsub("%d", ""))
    if count >= 8 and count <= 15 then return GONE end
  end)
  return (said:gsub("([?&][^=&?#%s\"]+)=[^&#%s\"]*", "%1=" .. GONE))
end

-- A text as it may leave.
local function allowed(said, mode)
  local found = without_secrets(said)
  return mode == "plain" and found or without_persons(found)
end
