using Microsoft.AspNetCore.Routing;
using OpenBanking.Accounts.CoreBank;

namespace OpenBanking.Accounts.AccountInformation;

/// <summary>The products that accounts are, with their terms. A bulk path of the singular, which a tool asks for, is no path (OB-DEC-12).</summary>
internal static class ProductEndpoints
{
    public static void Map(IEndpointRouteBuilder aisp) => Listings.Map<AccountProduct, ProductList>(
        aisp,
        new("/products", "/product", "ReadProducts"),
        bank => bank.ProductsAsync,
        (rows, frame) => new ProductList(new([.. rows.Select(row => AllowList.Of(Mapping.Of(row)))]), frame.Links, frame.Meta),
        Wire.Default.ProductList);
}
