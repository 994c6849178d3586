using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OpenBanking.Accounts.Storage.Migrations
{
    /// <inheritdoc />
    public partial class Approvers : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<int>(
                name: "ApproversNeeded",
                schema: "accounts",
                table: "accounts",
                type: "integer",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "ApproversNeeded",
                schema: "accounts",
                table: "accounts");
        }
    }
}
