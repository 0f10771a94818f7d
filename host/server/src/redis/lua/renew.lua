-- Prolongs leases; answers which of the claims are lost, counted from 0.
local until_ = now + number()
local lost = {}
for index = 0, number() - 1 do
  local place, epoch = arg(), arg()
  if owned(place, epoch) then lease(place, until_) else lost[#lost + 1] = int(index) end
end
return done(lost)
