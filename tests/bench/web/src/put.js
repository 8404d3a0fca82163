// A PUT as Sealift's page makes it, and the number of them at once there.

export const MOST_PUTS = 5;

export function put({ url, headers }, body) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('PUT', url);
    for (const [name, value] of headers) request.setRequestHeader(name, value);
    // Sealift's page listens for progress too.
    request.upload.onprogress = () => {};
    request.onload = () => (request.status === 200 ? resolve() : reject(new Error(`a PUT was answered by ${request.status}`)));
    request.onerror = () => reject(new Error('a PUT failed'));
    request.send(body);
  });
}
