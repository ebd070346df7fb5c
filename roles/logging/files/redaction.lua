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

-- Whether a name ends with a word of a secret, joined to it or not: dbpassword.
local function secret(name)
  local whole = parts(name)
  for _, word in ipairs(rules.secret) do
    if whole:sub(-#word) == word then return true end
  end
  return false
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

local SECRET_FORMS = {
  "%-%-%-%-%-BEGIN [%u ]*PRIVATE KEY%-%-%-%-%-.-%-%-%-%-%-END [%u ]*PRIVATE KEY%-%-%-%-%-",
  "%f[%w]eyJ[%w_%-]+%.[%w_%-]+%.[%w_%-]*",
  "%f[%w]hv[sbr]%.[%w_%-]+",
  "%f[%w]A[KS]IA[%u%d]+%f[%W]",
  "%f[%w]gh[pousr]_%w+",
  "%f[%w]xox[abeoprs]%-[%w%-]+",
}

local function any_case(word)
  return (word:gsub("%a", function(letter) return "[" .. letter:lower() .. letter:upper() .. "]" end))
end

-- What follows the name of a secret: after a colon or an equals sign, quoted or not, with the scheme of a header before it.
local NAMED_FORMS = {}
for _, word in ipairs(rules.secret) do
  local name = any_case(word):gsub("_", "[_%%-%%.]?")
  local said = "(" .. name .. "[\\\"']*%s*[:=]%s*)"
  table.insert(NAMED_FORMS, said .. "\\*\"[^\"]*\"")
  table.insert(NAMED_FORMS, said .. "'[^']*'")
  table.insert(NAMED_FORMS, said .. "[^%s\"',;&}%]]+")
  table.insert(NAMED_FORMS, "(%-" .. name .. "%s+)%S+")
end

local function without_secrets(said)
  for _, form in ipairs(SECRET_FORMS) do said = said:gsub(form, GONE) end
  said = said:gsub("(%f[%w][Bb]earer%s+)[%w%-%._~%+/=]+", "%1" .. GONE)
  said = said:gsub("([Aa]uthorization[\"']?%s*[:=]%s*[\"']?%a+%s+)[^%s\"',;}]+", "%1" .. GONE)
  said = said:gsub("(://)[^/%s@]*@", "%1" .. GONE .. "@")
  for _, form in ipairs(NAMED_FORMS) do
    said = said:gsub(form, "%1" .. GONE)
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
