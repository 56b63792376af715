using System.Net;

namespace Phf.Tests;

/// <summary>The requests that a server of the tests gets.</summary>
internal static class HttpListenerRequests
{
    /// <summary>One after another, until the listener is stopped.</summary>
    public static IEnumerable<HttpListenerContext> Contexts(this HttpListener listener)
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = listener.GetContext();
            }
            catch (Exception problem) when (problem is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                yield break;
            }
            yield return context;
        }
    }
}
