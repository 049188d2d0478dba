export async function pack(){}
