/**
 * What somebody may do through the admin API, each with everything before it: look at what is measured; move the rollout
 * by the rules of its gates and in the safe direction, and reload; go on against the gates.
 */
export const ADMIN_ROLES = ['read', 'operate', 'admin'] as const;
export type AdminRole = (typeof ADMIN_ROLES)[number];

/** Whether a role has the rights of another one. */
export function includesRole(role: AdminRole, needed: AdminRole): boolean {
  return ADMIN_ROLES.indexOf(role) >= ADMIN_ROLES.indexOf(needed);
}
