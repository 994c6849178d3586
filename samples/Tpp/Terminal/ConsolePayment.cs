using OpenBanking.Samples.Tpp.Bank;
using OpenBanking.Samples.Tpp.Budget;
using OpenBanking.Samples.Tpp.Journey;
using OpenBanking.Samples.Tpp.Pages;

namespace OpenBanking.Samples.Tpp.Terminal;

/// <summary>A payment in a terminal, a step at a time, from the registration to the last status, with everything that passes on the wire.</summary>
internal sealed class ConsolePayment(Banks banks, ClientKind kind, TppOptions options, Paper paper, Func<Task> pause, TimeProvider time)
{
    private const int MostLooks = 90;
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);
    private readonly BankClient bank = banks.Client(kind.Key);
    private readonly PaymentJourney journey = banks.Payments(kind.Key);

    public async Task<Problem?> GoAsync(Answers answers, CancellationToken ct)
    {
        var payment = Payment.Sample();
        paper.Strong("A third party has a customer's bill paid, step by step.");
        paper.Line($"{MoneyText.Exact(payment.Money)} to {payment.PayeeName}, {payment.Reference}. The bank is {options.Issuer}. Tokens and keys' proofs are shown in full: use this with a sandbox only.");

        paper.Step(1, "Discovery", "The issuer's own document says where its endpoints are. At the first start the app registers itself with what the directory gives it, as one that may see accounts and make payments.");
        if ((await bank.DiscoverAsync(ct)).Failed(out var fault, out _)) return Problem.Of(fault);
        paper.Good($"we are client {bank.ClientId}");
        await pause();

        paper.Step(2, "A token for ourselves", "Client credentials with the scope payments. It opens consents and says how payments stand; it moves no money.");
        if ((await journey.ClientTokenAsync(ct)).Failed(out fault, out var token)) return Problem.Of(fault);
        await pause();

        paper.Step(3, "A payment consent", "The bank learns what the customer will be asked to pay. The body is signed (x-jws-signature, detached, PS256, over the very bytes), and x-idempotency-key names the wish.");
        var key = PaymentJourney.NewKey();
        if ((await journey.CreateConsentAsync(token, payment, key, Customer.Absent, ct)).Failed(out fault, out var consent)) return Problem.Of(fault);
        paper.Good("the bank's answer is signed too, and by a key that it publishes");
        paper.Line();
        paper.Strong("The same once more, as if the answer had been lost:");
        if ((await journey.CreateConsentAsync(token, payment, key, Customer.Absent, ct)).Failed(out fault, out var same)) return Problem.Of(fault);
        Tell(same.Id == consent.Id, $"still one consent: {same.Id}");
        await pause();

        paper.Step(4, "The authorization request, pushed", "It names the consent in authorization_details (RFC 9396); the browser carries only a reference to it (RFC 9126).");
        if ((await journey.PushAsync(consent, payment, ct)).Failed(out fault, out var started)) return Problem.Of(fault);

        paper.Step(5, "The customer at the bank", "Open this address in a browser and sign in. The passkey then signs this amount and this payee. It is good for a short time only.");
        if ((await answers.CodeAsync(started, paper, time, ct)).Failed(out var problem, out var code)) return problem;
        await pause();

        paper.Step(6, "The code for a token", "It is good for this one payment. The ID token is checked before anything is used.");
        if ((await journey.FinishAsync(started.Pending, code, ct)).Failed(out fault, out var made)) return Problem.Of(fault);
        paper.Good("ID token: signature, iss, aud, exp, iat, nonce, acr and openbanking_intent_id are as asked for");
        await pause();

        paper.Step(7, "Is the money there?", "The bank answers yes or no, and never how much.");
        if ((await journey.AreFundsThereAsync(made, Customer.Absent, ct)).Failed(out fault, out var there)) return Problem.Of(fault);
        Tell(there == "yes", there);
        await pause();

        paper.Step(8, "The order", "The same words as the customer has approved, signed, with a key of its own, and the token of this payment.");
        var ordered = await journey.OrderAsync(made, Customer.Absent, ct);
        if (ordered.Problem is { } refused) return refused;
        paper.Line();
        paper.Strong("The same once more, as if the answer had been lost:");
        var again = await journey.OrderAsync(made, Customer.Absent, ct);
        if (again.Problem is { } lost) return lost;
        Tell(again.Order!.Id == ordered.Order!.Id, $"still one payment: {again.Order.Id}");
        await pause();

        paper.Step(9, "How it stands, to the end", "With our own token: the customer has long gone. Money leaves with ACSC, and is there with ACCC.");
        for (var look = 0; !PaymentWords.Of(again).IsEnd; look++)
        {
            if (look == MostLooks) return new Problem(Stop.TimedOut, $"the payment is still {again.Order!.Status}");
            await Task.Delay(BetweenLooks, time, ct);
            if ((await journey.LookAsync(again, ct)).Failed(out fault, out again)) return Problem.Of(fault);
        }

        foreach (var seen in again.Seen) paper.Good($"{seen.Status} since {seen.At:HH:mm:ss}");
        if (again.Order!.RefundAccount is { } account) paper.Good($"a refund goes to {account}, {again.Order.RefundName}");
        await pause();

        paper.Step(10, "What the way of the money says", "The payment's details: the scheme that it took, and the status there.");
        if ((await journey.DetailsAsync(again, ct)).Failed(out fault, out _)) return Problem.Of(fault);
        paper.Line();
        if (PaymentWords.Of(again).IsBad) return new Problem(Stop.BankRefused, $"the payment ended as {again.Order.Status} {again.Order.Code}");
        paper.Good("paid");
        return null;
    }

    private void Tell(bool good, string text)
    {
        if (good) paper.Good(text);
        else paper.Bad(text);
    }
}
