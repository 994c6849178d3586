using System.Collections.Concurrent;
using System.Net;

namespace OpenBanking.Testing;

/// <summary>The world outside, as the host under test sees it: answers by address, and what was asked.</summary>
public sealed class OutboundHttp : HttpMessageHandler
{
    private readonly ConcurrentDictionary<string, Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>>> answers = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<Uri> asked = new();

    /// <summary>Every address that was asked, in order.</summary>
    public IReadOnlyList<Uri> Asked => [.. asked];

    /// <summary>Answers an address with a body.</summary>
    public void Answer(string address, string body, string contentType = "application/json", HttpStatusCode status = HttpStatusCode.OK) =>
        Answer(address, (_, _) => Task.FromResult(new HttpResponseMessage(status)
        {
            Content = new StringContent(body, System.Text.Encoding.UTF8, contentType),
        }));

    /// <summary>Answers an address as the test says, also slowly or not at all.</summary>
    public void Answer(string address, Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> answer) => answers[address] = answer;

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        asked.Enqueue(request.RequestUri!);
        return answers.TryGetValue(request.RequestUri!.AbsoluteUri, out var answer)
            ? answer(request, cancellationToken)
            : throw new HttpRequestException($"Nobody answers at {request.RequestUri}.");
    }
}
