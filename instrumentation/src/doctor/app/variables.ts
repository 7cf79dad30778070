/** Where the app's processes write what was observed. */
export const FOLDER_VARIABLE = "QUOTEL_DOCTOR_FOLDER";
/** `NODE_OPTIONS` as they were. */
export const OWN_OPTIONS_VARIABLE = "QUOTEL_DOCTOR_NODE_OPTIONS";
