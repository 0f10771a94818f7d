-- The first of an index by time, and those that are due, at most so many.
local index, most, share = arg(), number(), number()
if most > 0 and index == 'line' then line_up(share) end
return done(first_due(index), most > 0 and due_members(index, most) or {})
