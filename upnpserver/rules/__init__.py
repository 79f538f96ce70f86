"""What the household decides: who may see what, and when. Values and functions only.

visibility   which files somebody may see, as one value
ratings      what the age ratings of films mean, in years
hours        at which times of the day and days of the week
profiles     who is who, and the rules of the whole house
pins         tries at a PIN, and what is open
"""
