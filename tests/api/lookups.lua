-- For wrk: lookups of every code, payer and day of a year in turn, as fast as answers come.

local codes = {}
for code in io.open("data/codes/cpt.ttl"):read("a"):gmatch("\ncode:(%w+) a ") do
   -- The code for what has no code of its own says nothing by itself.
   if code ~= "64999" then codes[#codes + 1] = code end
end
local payers = {"centene", "nhs-england", "nhs-gm", "nhs-spinal", "nia", "wa-hca"}

function init() math.randomseed(os.time()) end

function request()
   local code = codes[math.random(#codes)]
   local payer = payers[math.random(#payers)]
   local day = string.format("2024-%02d-%02d", math.random(12), math.random(28))
   return wrk.format("GET", "/coverage?code=" .. code .. "&payer=" .. payer .. "&date=" .. day)
end

function done(summary)
   local e = summary.errors
   io.write("not answered: ", e.status + e.connect + e.read + e.write + e.timeout, "\n")
end
